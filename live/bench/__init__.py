"""The sections of `arabesque bench`: each file returns rows, figures with a peer's figure from the same run."""
