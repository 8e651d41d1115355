"""Routes performers' MIDI keys and pedals to the nodes with `source=Keys(…)`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from live.midi import Keys
from live.midi.input.held_keys import PEDAL_DOWN, HeldKeys
from live.midi.input.input_set import matches
from live.midi.input.message import (
    BEND,
    CONTROL,
    FIRST_MODE,
    ON,
    POLY_PRESSURE,
    PRESSURE,
    PROGRAM,
    STOP,
    SUSTAIN,
    InputMessage,
)
from live.midi.output.midi_output import MidiVoice
from live.midi.output.node_outputs import NodeOutputs
from live.nodes.node_set import NodeSet
from live.parameters.tree import AddressError, Tree
from live.parameters.writer import Peer, current_writer, performer_of
from live.patch import Node, Patch
from models.base import Control, Knob, Listens, NoteOff, NoteOn, Value, event

PANIC = "/midi/panic"
CURVE = "/midi/in/velocity_curve"
DEFAULT_VELOCITY = 80
AT_REST = {BEND: b"\x00\x40", PRESSURE: b"\x00"}
"""The data of a pitch bend and of a channel pressure that change nothing."""
PEDALS = (64, 66, 67)
"""Sustain, sostenuto and soft pedal: a listening model receives when they go down and come up."""
PLAY_KNOB = event(
    "A key of the performer, as on a MIDI keyboard: pitch, and velocity, 0 to release it",
    1,
    pitch=Knob("60 is middle C", 0, 127, kind="int"),
    velocity=Knob("80 by default", 0, 127, kind="int"),
)


class KeyRouting:
    """The control-thread service that passes the performer's notes to each node with `source=Keys(…)`.

    `/NODE/listen` switches it on and off, `/NODE/thru` also plays all that the performer's device sends on the node's
    own instrument and channel, and each note is published as `/NODE/heard`. The notes of an unplugged device end;
    `/midi/panic` ends all. A model that `Listens` receives keys and pedals separately; for others the pedal prolongs
    the notes.

    A lock protects the sets of held keys, since a reload may run on another thread than the control thread.
    """

    def __init__(
        self, tree: Tree, wake: Callable[[], None], patch: Patch, nodes: NodeSet, outputs: NodeOutputs
    ) -> None:
        self.tree = tree
        self._wake, self._patch, self._nodes, self._outputs = wake, patch, nodes, outputs
        self._lock = threading.RLock()
        self._performers: dict[str, HeldKeys] = {}
        self._pedals: dict[str, set[tuple[str, int]]] = {}
        """(device, controller) of the pedals that are down, by node."""
        self._thru: dict[str, tuple[HeldKeys, MidiVoice]] = {}
        self._bent: dict[str, set[int]] = {}
        """By node the status bytes of pitch bends and pressures that were passed on and are not at rest."""
        self._panicked = False

    # -- the service --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses."""
        curve = "Velocity curve of the keys, an exponent: below 1 is louder, above 1 softer; 1 is unchanged"
        self.tree.add(CURVE, Knob(curve, 0.25, 4.0, curve="log", default=1.0))
        self.follow(self._patch)
        self.tree.watchers.append(self._notice)

    def follow(self, patch: Patch) -> None:
        """Takes the nodes with keys from a patch, all of whose nodes are running."""
        with self._lock:
            self._patch = patch
            for name in [name for name in self._performers if name not in patch.nodes]:
                del self._performers[name]
            self._declare(patch)
            for name in patch.nodes:
                self._listen(name)

    def advance(self, now_s: float) -> float:
        """Ends the notes of nodes that no longer listen, and of all nodes after a panic."""
        with self._lock:
            if self._panicked:
                self._panicked = False
                for name in self._performers:
                    self._release(name)
            for name, held in self._performers.items():
                if (held or self._pedals.get(name)) and not self._is_on(name, "listen"):
                    self._hear(name, held.release())
                    self._release_pedals(name)
            for name in list(self._thru):
                if name not in self._patch.nodes or not self._is_on(name, "thru"):
                    self._straighten(name)
                    self._thru.pop(name)[1].close()
            waits = self._thru or any(self._performers.values()) or any(self._pedals.values())
            return now_s + 0.25 if waits else float("inf")

    def close(self) -> None:
        """Does nothing more: the outputs end their sounding notes."""
        if self._notice in self.tree.watchers:
            self.tree.watchers.remove(self._notice)

    # -- messages -----------------------------------------------------------------------------------------------

    def receive(self, message: InputMessage) -> bool:
        """Routes one message; returns False, so that other receivers get it, too."""
        with self._lock:
            for name, node in self._patch.nodes.items():
                keys = node.source
                if not isinstance(keys, Keys) or not _plays(keys, message):
                    continue
                self._give(name, node, message)
        return False

    def peer_gone(self, peer: Peer) -> None:
        """Releases the keys that a disconnected page or program played by `/NODE/play`."""
        self.gone(performer_of(peer))

    def gone(self, device: str) -> None:
        """Releases the keys and pedals of an unplugged device."""
        with self._lock:
            for name in self._performers:
                self._release(name, device)

    # -- inside -------------------------------------------------------------------------------------------------

    def _give(self, name: str, node: Node, message: InputMessage) -> None:
        runner = self._nodes.get(name)
        listens = runner is not None and isinstance(runner.model, Listens)
        held = self._performers.setdefault(name, HeldKeys(pedal=not listens))
        if message.kind != ON or self._is_on(name, "listen"):
            self._hear(name, held.receive(message, self._velocity(message)))
        if listens and message.kind == CONTROL and message.data[1] in PEDALS:
            self._press(name, message.device, message.data[1], down=message.data[2] >= PEDAL_DOWN)
        elif message.ends_channel or message.kind == STOP:
            self._release_pedals(name, message.device)
        if self._is_on(name, "thru"):
            self._play_thru(name, node, message)

    def _play(self, name: str, value: Value) -> None:
        """Plays a key of a page or an OSC sender, as of a device named after the sender."""
        assert isinstance(value, tuple)
        pitch, velocity = (int(number) for number in (*value, DEFAULT_VELOCITY)[:2])
        writer = current_writer()
        device = performer_of(writer.peer) if writer is not None else ""
        with self._lock:
            node = self._patch.nodes.get(name)
            if node is not None:
                self._give(name, node, InputMessage(device, 0.0, bytes((ON, pitch, velocity))))

    def _declare(self, patch: Patch) -> None:
        for name, node in patch.nodes.items():
            if not isinstance(node.source, Keys) or f"/{name}/listen" in self.tree:
                continue
            listen = Knob("Receive the performer's keys", kind="switch", default=True)
            self.tree.add(f"/{name}/listen", listen, partial(self._switched, name))
            self.tree.add(f"/{name}/play", PLAY_KNOB, partial(self._play, name))
            self.tree.add_signal(f"/{name}/heard", "ii", "A performer's note: pitch, and velocity, 0 at its end")
            if node.midi is not None:
                thru = "Also play all that the performer's device sends on this node's instrument"
                self.tree.add(f"/{name}/thru", Knob(thru, kind="switch", default=False), lambda _: self._wake())

    def _switched(self, name: str, _: Value) -> None:
        self._listen(name)
        self._wake()

    def _listen(self, name: str) -> None:
        """Gives the node's voice the keys that it gives way to; its sender process then stops its notes directly."""
        node, voice = self._patch.nodes.get(name), self._outputs.of(name)
        if node is not None and voice is not None:
            keys = node.source if isinstance(node.source, Keys) else None
            on = keys is not None and self._is_on(name, "listen")
            voice.listen(*((keys.port, keys.channel) if keys is not None and on else ("", 0)))

    def _notice(self, address: str, _: tuple[Any, ...]) -> None:
        """A watcher of the tree, on any thread."""
        if address == PANIC:
            self._panicked = True
            self._wake()

    def _is_on(self, name: str, switch: str) -> bool:
        """Whether a switch of a node is on; False if the node has been removed."""
        try:
            return bool(self.tree.get(f"/{name}/{switch}"))
        except AddressError:
            return False

    def _hear(self, name: str, notes: Sequence[NoteOn | NoteOff]) -> None:
        runner = self._nodes.get(name)
        if runner is None:
            return
        for note in notes:
            runner.hear(note)
            self.tree.publish(f"/{name}/heard", note.pitch, note.velocity if isinstance(note, NoteOn) else 0)

    def _press(self, name: str, device: str, pedal: int, *, down: bool) -> None:
        """Passes a pedal to the node when it goes down or comes up, without the values in between."""
        pressed = self._pedals.setdefault(name, set())
        runner = self._nodes.get(name)
        if runner is None or down == ((device, pedal) in pressed) or (down and not self._is_on(name, "listen")):
            return
        (pressed.add if down else pressed.discard)((device, pedal))
        runner.hear(Control(pedal, 127 if down else 0))

    def _release_pedals(self, name: str, device: str = "") -> None:
        for place, pedal in sorted(self._pedals.get(name, ())):
            if device in ("", place):
                self._press(name, place, pedal, down=False)

    def _release(self, name: str, device: str = "") -> None:
        self._hear(name, self._performers[name].release(device))
        self._release_pedals(name, device)
        if name in self._thru:
            held, voice = self._thru[name]
            for note in held.release(device):
                voice.send(0.0, note)
            voice.send(0.0, Control(SUSTAIN, 0))
            self._straighten(name)

    def _velocity(self, message: InputMessage) -> int:
        """The velocity of a note-on, 1..127, after the curve; 0 for other messages."""
        if message.kind != ON:
            return 0
        curve = float(self.tree.get(CURVE))  # type: ignore[arg-type]
        return min(127, max(1, round(127.0 * float((message.data[2] / 127.0) ** curve))))

    def _play_thru(self, name: str, node: Node, message: InputMessage) -> None:
        held, voice = self._thru.get(name, (None, None))
        if held is None or voice is None:
            assert node.midi is not None
            held, voice = HeldKeys(pedal=False), self._outputs.port(node.midi).voice(f"{name} thru")
            self._thru[name] = held, voice
        voice.set(channel=self.tree.get(f"/{name}/channel"), performer=True)
        for note in held.receive(message, self._velocity(message)):
            voice.send(0.0, note)
        if message.ends_channel or message.kind == STOP:
            voice.send(0.0, Control(SUSTAIN, 0))
            self._straighten(name)
        elif message.kind == CONTROL and message.data[1] < FIRST_MODE:  # channel modes would also end the node's notes
            voice.send(0.0, Control(message.data[1], message.data[2]))
        elif message.kind in (BEND, PRESSURE, POLY_PRESSURE, PROGRAM):
            status = message.kind | int(self.tree.get(f"/{name}/channel")) - 1  # type: ignore[arg-type]
            voice.send_raw(0.0, bytes((status, *message.data[1:])))
            if message.kind in AT_REST:
                bent = self._bent.setdefault(name, set())
                (bent.discard if message.data[1:] == AT_REST[message.kind] else bent.add)(status)

    def _straighten(self, name: str) -> None:
        """Ends pitch bends and pressures of the performer, which would go on in the node's own notes."""
        voice = self._outputs.of(name)  # that for thru is about to be closed, with what it has yet to send
        for status in sorted(self._bent.pop(name, ())):
            if voice is not None:
                voice.send_raw(0.0, bytes((status,)) + AT_REST[status & 0xF0])


def _plays(keys: Keys, message: InputMessage) -> bool:
    """Whether a message is from these keys."""
    if keys.port.casefold() != "auto" and not matches(keys.port, message.device):
        return False
    return message.kind == STOP or (message.kind < 0xF0 and keys.channel in (0, message.channel))

