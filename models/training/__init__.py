"""What all trainings share: command line, loop, checkpoint, progress, several processes."""
