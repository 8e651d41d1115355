"""Sessions: a whole performance written down while it happens, and played again from that."""
