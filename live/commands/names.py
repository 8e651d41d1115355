"""All subcommands, with their lines in the help."""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    "play": "play a patch (the same as giving it without a command)",
    "devices": "list the MIDI ports and sound devices of this machine",
    "osc": "print the table of all OSC addresses of a patch",
    "replay": "play a session again that --record-session kept",
    "render": "turn a MIDI file into sound (WAV)",
    "export": "write a patch or template that controls a patch from another program",
    "train": "train a model on your own playing, drawings or paintings",
    "sketch": "play the sketch patch, or draw files: sheet, morph, complete",
    "style": "paint a photo, add a painting to the weights, judge weights",
    "judge": "measure a model's weights: log-loss, and figures of its music beside those of recordings",
    "service": "keep a patch running unattended: install, status, log, remove, run",
    "weights": "list weights, import or fetch published ones",
    "bench": "measure this machine: steps, timing, control, start-up",
}
