"""The sections of `arabesque bench`: each file returns rows, each row one figure beside a peer's from the same run."""
