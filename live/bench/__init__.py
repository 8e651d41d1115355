"""What `arabesque bench` measures; each file gives rows, each row one figure, with its peer's from the same run."""
