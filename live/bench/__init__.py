"""What this machine can do, measured: `arabesque bench`. Every figure stands beside its peer's of the same run."""
