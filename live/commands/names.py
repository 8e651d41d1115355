"""All subcommands: the module whose `main(argv)` runs each, and its line in the help."""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "play": ("live.commands.play", "play a patch (the same as giving it without a command)"),
    "devices": ("live.commands.devices", "list the MIDI ports and sound devices of this machine"),
    "osc": ("live.commands.osc", "print the table of all OSC addresses of a patch"),
    "replay": ("live.commands.replay", "play a session again that --record-session kept"),
    "render": ("live.commands.render", "turn a MIDI file into sound (WAV)"),
    "export": ("live.commands.export", "write a patch or template that controls a patch from another program"),
    "train": ("live.commands.train", "train a model on your own playing, drawings or paintings"),
    "sketch": ("live.commands.sketch", "play the sketch patch, or draw files: sheet, morph, complete"),
    "style": ("models.style_transfer.command", "paint a photo, add a painting to the weights, judge weights"),
    "weights": ("models.weights_cli", "list weights, import or fetch published ones"),
    "bench": ("live.commands.bench", "measure this machine: steps, timing, control, start-up"),
}
