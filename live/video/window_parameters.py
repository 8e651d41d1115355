"""The parameters of the window, `/window/…`."""

from __future__ import annotations

from live.video.feedback import FEEDBACK_KNOBS
from live.video.projection import PROJECTION_KNOBS
from models.base import Knob, pulse

WINDOW_KNOBS: dict[str, Knob] = {
    "fullscreen": Knob("Fill the whole screen", kind="switch", default=False),
    "display": Knob("The screen that the window is on or fills, counted from 0", 0, 63, kind="int", default=0),
    "width": Knob("Width of the window", unit="px", kind="int", default=0, access="r"),
    "height": Knob("Height of the window", unit="px", kind="int", default=0, access="r"),
    "rate": Knob("Most frames drawn per second", 1.0, 240.0, "1/s", default=60.0),
    "fps": Knob("Frames drawn in the last second", unit="1/s", access="r"),
    "draw_ms": Knob("Time to draw one frame, smoothed", unit="ms", access="r"),
    "moved": Knob("Show the twelve parameters that moved last, large", kind="switch", default=False),
    "address": Knob("Show the control page's address, and a QR code of it", kind="switch", default=False),
    "hud": Knob("Show the values of all parameters", kind="switch", default=False),
    "piano": Knob("Play notes on the computer's keys", kind="switch", default=False),
    "invitation": Knob("A line for visitors, shown until a performer plays or draws", kind="text", default=""),
    "kiosk": Knob(
        "Ignore keys that stop or change the show until the code is typed, hide the pointer and messages, keep the "
        "screen awake",
        kind="switch",
        default=False,
    ),
    "locked": Knob("Whether such keys are ignored now", kind="switch", default=False, access="r"),
    "show_turn": Knob("Show whose turn it is in a duet", kind="switch", default=True),
    "help": Knob("Show the keys", kind="switch", default=False),
    "record": Knob("Record the stage to a video file in the working directory", kind="switch", default=False),
    "share": Knob("Write the stage's pictures to shared memory", kind="switch", default=False),
    "virtual_camera": Knob("Send the stage to a virtual camera", kind="switch", default=False),
    "syphon": Knob("Send the stage to a Syphon server", kind="switch", default=False),
    "spout": Knob("Send the stage to a Spout sender", kind="switch", default=False),
    "ndi": Knob("Send the stage as an NDI source", kind="switch", default=False),
    "sending": Knob("Names of the outputs that receive the stage", kind="text", default="", access="r"),
    "screenshot": pulse("Writes a PNG of all layers to a new file in the working directory"),
    "shot": Knob(
        "Writes a PNG of all layers to a new file of this name, in that folder", kind="text", default="", access="w"
    ),
    **PROJECTION_KNOBS,
    **FEEDBACK_KNOBS,
}
