"""File formats of models and engine: weights, pictures, MIDI files; and downloads."""
