"""An installation: opening hours, visitors, what they leave."""
