"""What runs a show: presets, cues, links between what happens and what is controlled, and the curtain."""
