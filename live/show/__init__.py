"""What runs a show: presets, cues, mappings between what happens and what is controlled, and the curtain."""
