"""Common parts of all trainings: command line, loop, checkpoint, progress, distributed processes."""
