"""What runs a show: presets, cues, and mappings from what happens to what is controlled."""
