"""The keys of the window, in a table from which the help is made. Every key writes to an address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pygame

from live.video.computer_piano import hearing
from live.video.performer_pens import WINDOW
from live.video.stage import Stage
from models.base import KnobError


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """An action and its keys: pygame names or typed characters, and the line of the help."""

    names: tuple[str, ...]
    shown: str
    meaning: str
    do: Callable[[Stage], None]


def press(address: str) -> Callable[[Stage], None]:
    """Presses the button at an address."""
    return lambda stage: _set(stage, address, True)


def toggle(address: str) -> Callable[[Stage], None]:
    """Toggles the switch at an address."""
    return lambda stage: _set(stage, address, not stage.tree.get(address))


def pause(stage: Stage) -> None:
    """Pauses all nodes; if all are paused, resumes them."""
    addresses = [parameter.address for parameter in stage.tree.parameters() if parameter.address.count("/") == 2]
    addresses = [address for address in addresses if address.endswith("/pause")]
    still = all(stage.tree.get(address) for address in addresses)
    with stage.tree.batch():
        for address in addresses:
            stage.tree.set(address, not still)
    stage.say(False, "playing again" if still else "paused: Space or F4 plays on")


def piano(stage: Stage) -> None:
    """Makes the computer's keys a piano, or keys of the window again, and says how to change it back.

    In a piece without a node that receives keys they stay keys of the window.
    """
    if not stage.tree.get("/window/piano") and not hearing(stage.tree):
        stage.say(False, "nothing in this piece listens to keys: try arabesque duet")
        return
    toggle("/window/piano")(stage)
    on = stage.tree.get("/window/piano")
    stage.say(False, "A to L are a piano now; F2 ends it, F1 shows its keys" if on else "the piano on the keys is off")


def hand_over(stage: Stage) -> bool:
    """Hands the turn over to the nodes that wait for it (`/NODE/turn`); False without any."""
    turns = [parameter.address for parameter in stage.tree.parameters() if parameter.address.count("/") == 2]
    turns = [address for address in turns if address.endswith("/turn")]
    waiting = [address for address in turns if stage.tree.get(f"{address.rpartition('/')[0]}/duet") != "solo"]
    for address in waiting:
        _set(stage, address, True)
    return bool(waiting)


def space(stage: Stage) -> None:
    """Hands the turn over; where no node waits for it, pauses or plays on."""
    if not hand_over(stage):
        pause(stage)


def each_ink(name: str) -> Callable[[Stage], None]:
    """Presses a button of every layer with drawings."""

    def do(stage: Stage) -> None:
        for node in stage.inks:
            _set(stage, f"/{node}/{name}", True)

    return do


def undo(stage: Stage) -> None:
    """Takes back the last line drawn at this window on the highest layer; without one, the last drawing."""
    node = stage.top_ink()
    if node is not None and not stage.pens.undo(node, WINDOW):
        _set(stage, f"/{node}/undo", True)


def preset(stage: Stage, number: str, *, store: bool) -> None:
    """Recalls the preset of this name or at this position, or stores one; shows an error in the window."""
    address = "/preset/store" if store else "/preset/recall"
    if address not in stage.tree:
        return
    try:
        stage.tree.write(address, [number])
    except KnobError as error:
        stage.say(True, str(error))
    else:
        stage.guidance.taken_part = True
        name = stage.tree.get("/preset/last") if "/preset/last" in stage.tree else number
        stage.say(False, f"stored preset {name}" if store else f"preset {name}")


def next_setting(stage: Stage) -> None:
    """Chooses what the mouse sets of the projection: the corners, then the mesh, then nothing."""
    choices = stage.tree.knob("/window/setting").choices
    now = choices.index(str(stage.tree.get("/window/setting")))
    stage.tree.set("/window/setting", choices[(now + 1) % len(choices)])


def show_help(stage: Stage) -> None:
    """Shows or hides the help; who has seen it needs no invitation."""
    stage.guidance.taken_part = True
    toggle("/window/help")(stage)


def leave(stage: Stage) -> None:
    """Closes the help, the values or the full screen, one per press. Never stops the performance."""
    if stage.tree.get("/window/setting") != "off":
        stage.tree.set("/window/setting", "off")
        return
    for name in ("help", "address", "hud", "moved", "fullscreen"):
        address = f"/window/{name}"
        if stage.tree.get(address):
            stage.tree.set(address, False)
            return


def panic(stage: Stage) -> None:
    """Ends every note, and says so."""
    _set(stage, "/midi/panic", True)
    stage.say(False, "panic: every note was ended; the piece plays on")


def home(stage: Stage) -> None:
    """Returns every parameter to its value in the patch."""
    if "/engine/home" in stage.tree:
        stage.tree.write("/engine/home", [])
        stage.say(False, "home: everything is as the patch says")


KEYS = (
    KeyBinding(("f", "f11"), "F  F11", "full screen on or off", toggle("/window/fullscreen")),
    KeyBinding(("h",), "H", "show or hide the twelve parameters that moved last", toggle("/window/moved")),
    KeyBinding(("tab",), "Tab", "show or hide the values of all parameters", toggle("/window/hud")),
    KeyBinding(("u",), "U", "show or hide the address of the control page, for phones", toggle("/window/address")),
    KeyBinding(("f1", "?"), "F1  ?", "show or hide this help", show_help),
    KeyBinding(("f2",), "F2", "computer keyboard as a piano, on or off", piano),
    KeyBinding(("escape",), "Esc", "close help, values, full screen", leave),
    KeyBinding(("space",), "Space", "pass the turn in a duet, otherwise pause and resume", space),
    KeyBinding(("pause", "f4"), "F4", "pause and resume everything", pause),
    KeyBinding(("backspace",), "Backspace", "panic: end every note, now", panic),
    KeyBinding(("home",), "Home", "return everything to the values of the patch", home),
    KeyBinding(("w",), "W", "set the corners of the picture on a wall, then its mesh", next_setting),
    KeyBinding(("b",), "B", "blackout on or off", toggle("/engine/blackout")),
    KeyBinding(("c",), "C", "erase all drawings", each_ink("clear")),
    KeyBinding(("z",), "Z", "take back your last line, or else the last drawing", undo),
    KeyBinding(("s",), "S", "save the drawings (SVG)", lambda stage: stage.save()),
    KeyBinding(("p", "f12"), "P  F12", "save a picture of the window (PNG)", press("/window/screenshot")),
    KeyBinding(("q",), "Q", "stop the program", press("/engine/stop")),
)
MODIFIERS = pygame.KMOD_CTRL | pygame.KMOD_ALT | pygame.KMOD_META
DIGITS = frozenset("123456789")
PRESETS = ("1 … 9", "recall a preset; with Ctrl, store one")
POINTER = ("Mouse, pen, touch", "draw; the right button erases")


def pressed(stage: Stage, event: pygame.event.Event) -> bool:
    """Runs the action of a KEYDOWN event; returns False for a key without one, or with Alt or Meta."""
    if event.mod & (pygame.KMOD_ALT | pygame.KMOD_META):
        return False
    names = getattr(event, "unicode", ""), pygame.key.name(event.key)
    for key in KEYS:
        if set(names) & set(key.names):
            key.do(stage)
            return True
    for name in names:  # the character first, since some keyboards type digits with the shift key
        if name in DIGITS:
            preset(stage, name, store=bool(event.mod & pygame.KMOD_CTRL))
            return True
    return False


def _set(stage: Stage, address: str, value: bool) -> None:
    if address in stage.tree:
        stage.tree.set(address, value)
