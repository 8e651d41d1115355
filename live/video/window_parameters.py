"""The window's own addresses, `/window/…`."""

from __future__ import annotations

from models.base import Knob, pulse

WINDOW_KNOBS: dict[str, Knob] = {
    "fullscreen": Knob("Fill the whole screen", kind="switch", default=False),
    "display": Knob("Which screen to fill, from 0", 0, 63, kind="int", default=0),
    "width": Knob("The window's width", unit="px", kind="int", default=0, access="r"),
    "height": Knob("The window's height", unit="px", kind="int", default=0, access="r"),
    "rate": Knob("How often it is drawn at the most", 1.0, 240.0, "1/s", default=60.0),
    "fps": Knob("How often it was drawn in the last second", unit="1/s", access="r"),
    "draw_ms": Knob("Time that drawing one frame takes, smoothed", unit="ms", access="r"),
    "hud": Knob("Show the values of all parameters", kind="switch", default=False),
    "piano": Knob("Play notes on the computer's keys", kind="switch", default=False),
    "help": Knob("Show what the keys do", kind="switch", default=False),
    "record": Knob("Write a video file of the stage into the folder it was started in", kind="switch", default=False),
    "share": Knob("Put the stage's pictures into shared memory", kind="switch", default=False),
    "virtual_camera": Knob("Be a camera for other programs", kind="switch", default=False),
    "syphon": Knob("Be a Syphon server", kind="switch", default=False),
    "spout": Knob("Be a Spout sender", kind="switch", default=False),
    "ndi": Knob("Be an NDI source in the network", kind="switch", default=False),
    "sending": Knob("What the pictures go to, by name", kind="text", default="", access="r"),
    "screenshot": pulse("Write a PNG of all layers to a new file in the folder it was started in"),
    "shot": Knob(
        "Write a PNG of all layers to a new file of this name, in that folder", kind="text", default="", access="w"
    ),
}
