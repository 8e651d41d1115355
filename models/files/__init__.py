"""Files that the models and the engine read and write: weights, pictures, MIDI; and downloads."""
