"""Who plays with the nodes: what comes in on the keys that a node listens to is heard by its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from live.midi import Keys
from live.midi.input.input_set import wanted
from live.midi.input.message import InputMessage
from live.midi.output.midi_output import MidiVoice
from live.patch import Patch
from models.base import Knob, NoteOff, NoteOn

if TYPE_CHECKING:
    from live.engine.engine import Engine


class KeyRouting:
    """The control-thread service that gives each node with `source=Keys(…)` what is played there.

    `/NODE/listen` opens and closes the node's ears, `/NODE/thru` sends the player's notes and controllers to the node's
    own instrument, too, and `/NODE/heard` tells each key. Keys held on a device that is unplugged come up.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tree = engine.tree
        self._down: dict[str, set[tuple[str, int]]] = {}
        self._through: dict[str, MidiVoice] = {}

    # -- the part -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses of the nodes that listen."""
        self.follow(self.engine.patch)

    def follow(self, patch: Patch) -> None:
        """Nodes may have come and gone, or listen to other keys."""
        for name in [name for name in self._through if name not in patch.nodes]:
            self._through.pop(name).close()
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
        """Keys that were down when the ears were closed come up."""
        for name, down in self._down.items():
            if down and not (f"/{name}/listen" in self.tree and self.tree.get(f"/{name}/listen")):
                for device, pitch in sorted(down):
                    self._hear(name, device, NoteOff(pitch))
        for name in list(self._through):
            if not (f"/{name}/thru" in self.tree and self.tree.get(f"/{name}/thru")):
                self._through.pop(name).close()
        return now_s + 0.25 if self._through or any(self._down.values()) else float("inf")

    def close(self) -> None:
        """The ports, which know what sounds, end it."""

    # -- what is played -----------------------------------------------------------------------------------------

    def take(self, given: InputMessage) -> None:
        """One message that came in."""
        event = given.event()
        if event is None:
            return
        for name, keys in self._listening().items():
            named = keys.port.casefold() == "auto" or wanted(keys.port, given.device)
            if not named or keys.channel not in (0, given.channel):
                continue
            if isinstance(event, NoteOn | NoteOff) and self._open(name, given.device, event):
                self._hear(name, given.device, event)
            if f"/{name}/thru" in self.tree and self.tree.get(f"/{name}/thru"):
                self._voice(name).send(0.0, event)

    def gone(self, device: str) -> None:
        """A device was unplugged: its keys come up."""
        for name, down in self._down.items():
            for held, pitch in sorted(down):
                if held == device:
                    self._hear(name, device, NoteOff(pitch))
        for voice in self._through.values():
            voice.silence()

    # -- inside -------------------------------------------------------------------------------------------------

    def _listening(self) -> Mapping[str, Keys]:
        nodes = self.engine.patch.nodes
        return {name: node.source for name, node in nodes.items() if isinstance(node.source, Keys)}

    def _open(self, name: str, device: str, event: NoteOn | NoteOff) -> bool:
        """Whether the node is to hear this: it listens, or it heard that key go down."""
        held = (device, event.pitch) in self._down.get(name, ())
        return held or (isinstance(event, NoteOn) and bool(self.tree.get(f"/{name}/listen")))

    def _hear(self, name: str, device: str, event: NoteOn | NoteOff) -> None:
        down = self._down[name]
        (down.add if isinstance(event, NoteOn) else down.discard)((device, event.pitch))
        runner = self.engine.runners.get(name)
        if runner is not None:
            runner.hear(event)
            self.tree.publish(f"/{name}/heard", event.pitch, event.velocity if isinstance(event, NoteOn) else 0)

    def _voice(self, name: str) -> MidiVoice:
        if name not in self._through:
            out = self.engine.patch.nodes[name].midi
            assert out is not None
            self._through[name] = self.engine.voices.port(out).voice(f"{name} thru")
        voice, channel = self._through[name], self.tree.get(f"/{name}/channel")
        voice.set(channel=channel)
        return voice
