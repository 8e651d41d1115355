"""Routes what is played on MIDI inputs to the nodes that listen to them."""

from __future__ import annotations

import threading

from live.midi import Keys
from live.midi.input.input_set import wanted
from live.midi.input.message import InputMessage
from live.midi.output.midi_output import MidiVoice
from live.midi.output.node_outputs import NodeOutputs
from live.nodes.node_set import NodeSet
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from models.base import Knob, NoteOff, NoteOn


class KeyRouting:
    """The control-thread service that gives each node with `source=Keys(…)` what is played there.

    `/NODE/listen` switches the node's input on and off, `/NODE/thru` sends notes and controllers to the node's own
    instrument, too, and `/NODE/heard` reports each key. Keys held on a device that is unplugged are released.
    Messages come in on another thread than the control thread's: a lock keeps the sets of held keys whole.
    """

    def __init__(self, tree: Tree, patch: Patch, nodes: NodeSet, voices: NodeOutputs) -> None:
        self.tree = tree
        self._patch = patch
        self._nodes = nodes
        self._voices = voices
        self._lock = threading.RLock()
        self._down: dict[str, set[tuple[str, int]]] = {}
        """The keys that are held, of each node that listens: device and pitch."""
        self._through: dict[str, MidiVoice] = {}

    # -- the service --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses of the nodes that listen."""
        self.follow(self._patch)

    def follow(self, patch: Patch) -> None:
        """Takes the nodes that listen from a patch whose nodes all run by now."""
        with self._lock:
            self._patch = patch
            for name in [name for name in self._through if name not in patch.nodes]:
                self._through.pop(name).close()
            for name in [name for name in self._down if name not in patch.nodes]:
                del self._down[name]
            for name, node in patch.nodes.items():
                if not isinstance(node.source, Keys) or f"/{name}/listen" in self.tree:
                    continue
                self._down[name] = set()
                self.tree.add(f"/{name}/listen", Knob("Hear what is played on the keys", kind="switch", default=True))
                self.tree.add_signal(f"/{name}/heard", "ii", "A key it heard: pitch, and velocity, 0 when it comes up")
                if node.midi is not None:
                    thru = "What is played on the keys sounds on its instrument, too"
                    self.tree.add(f"/{name}/thru", Knob(thru, kind="switch", default=False))

    def advance(self, now_s: float) -> float:
        """Releases the keys that were down when a node's input was switched off."""
        with self._lock:
            for name, down in self._down.items():
                if down and not self._is_on(name, "listen"):
                    for device, pitch in sorted(down):
                        self._hear(name, device, NoteOff(pitch))
            for name in list(self._through):
                if not self._is_on(name, "thru"):
                    self._through.pop(name).close()
            return now_s + 0.25 if self._through or any(self._down.values()) else float("inf")

    def close(self) -> None:
        """The ports, which know what sounds, end it."""

    # -- what is played -----------------------------------------------------------------------------------------

    def take(self, given: InputMessage) -> None:
        """Gives one message to the nodes that listen to its device and channel."""
        event = given.event()
        if event is None:
            return
        with self._lock:
            for name, node in self._patch.nodes.items():
                keys = node.source
                if not isinstance(keys, Keys) or keys.channel not in (0, given.channel):
                    continue
                if keys.port.casefold() != "auto" and not wanted(keys.port, given.device):
                    continue
                if isinstance(event, NoteOn | NoteOff) and self._takes(name, given.device, event):
                    self._hear(name, given.device, event)
                if self._is_on(name, "thru"):
                    self._voice(name).send(0.0, event)

    def gone(self, device: str) -> None:
        """Releases the keys held on a device that was unplugged."""
        with self._lock:
            for name, down in self._down.items():
                for held, pitch in sorted(down):
                    if held == device:
                        self._hear(name, device, NoteOff(pitch))
            for voice in self._through.values():
                voice.silence()

    # -- inside -------------------------------------------------------------------------------------------------

    def _is_on(self, name: str, switch: str) -> bool:
        """Whether a switch of a node is on; off where the node has been removed."""
        try:
            return bool(self.tree.get(f"/{name}/{switch}"))
        except AddressError:
            return False

    def _takes(self, name: str, device: str, event: NoteOn | NoteOff) -> bool:
        """Whether the node is given this key: its input is on, or it was given that key's note-on."""
        held = (device, event.pitch) in self._down.get(name, ())
        return held or (isinstance(event, NoteOn) and self._is_on(name, "listen"))

    def _hear(self, name: str, device: str, event: NoteOn | NoteOff) -> None:
        down = self._down.setdefault(name, set())
        (down.add if isinstance(event, NoteOn) else down.discard)((device, event.pitch))
        runner = self._nodes.get(name)
        if runner is not None:
            runner.hear(event)
            self.tree.publish(f"/{name}/heard", event.pitch, event.velocity if isinstance(event, NoteOn) else 0)

    def _voice(self, name: str) -> MidiVoice:
        if name not in self._through:
            out = self._patch.nodes[name].midi
            assert out is not None
            self._through[name] = self._voices.port(out).voice(f"{name} thru")
        voice, channel = self._through[name], self.tree.get(f"/{name}/channel")
        voice.set(channel=channel)
        return voice
