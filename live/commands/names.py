"""All subcommands, with their lines in the help."""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "play": "play a patch (the same as giving it without a command)",
    "devices": "list the MIDI ports and cameras of this machine",
    "osc": "print the table of all OSC addresses of a patch",
    "replay": "replay a session recorded with --record-session",
    "render": "turn a MIDI file into sound (WAV)",
    "export": "write controls of a patch for another program",
    "train": "train a model on your own playing, drawings or paintings",
    "sketch": "play the sketch patch, or draw files: sheet, morph, complete",
    "style": "paint a photo, add a painting to the weights, judge weights",
    "judge": "measure a model's weights: log-loss, and statistics of its music compared with recordings",
    "service": "keep a patch running unattended: install, status, log, remove, run",
    "schedule": "check the opening hours and cues of a patch, and rehearse a year of them",
    "weights": "list weights, convert or download published ones",
    "bench": "measure the speed and timing of this machine",
}
