"""Services of a show: presets, cues, mappings, and saved state."""
