"""The patches that come with Arabesque: one piece per file."""
