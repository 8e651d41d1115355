"""The MIDI port that each node plays to, and the addresses of its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Annotated

from live.engine.options import Options
from live.midi import Midi
from live.midi.input.input_set import matches
from live.midi.output.midi_output import MidiOutput, MidiVoice, OnState
from live.parameters.tree import Tree
from live.transport.clock import Clock
from models.base import Knob, Value, knobs_of


def _settings(
    *,
    channel: Annotated[int, Knob("The MIDI channel it plays on", 1, 16, steps=True)] = 1,
    program: Annotated[
        int, Knob("The instrument, 1 to 128 as General MIDI counts; 0 leaves it alone", 0, 128, steps=True)
    ] = 0,
    transpose: Annotated[int, Knob("Moves all notes sent", -60, 60, "semitones")] = 0,
    volume: Annotated[int, Knob("The instrument's volume, controller 7; -1 leaves it alone", -1, 127, unset=-1)] = -1,
    sustain: Annotated[bool, Knob("The sustain pedal, held down")] = False,
    pedal: Annotated[bool, Knob("Hold long notes by the sustain pedal (controller 64) and not by their keys")] = False,
) -> None:
    """The knobs of a node's voice; the patch's Midi gives the defaults of channel, program and transpose."""


LEAD_MARGIN_S = 0.1
"""A node looks ahead by so much more than its instrument's delay."""
VOICE_KNOBS = knobs_of(_settings)


class NodeOutputs:
    """The open ports by name, each shared by all nodes that name it, and each node's voice on its port."""

    def __init__(self, tree: Tree, clock: Clock, on_state: OnState, options: Options) -> None:
        self._tree = tree
        self._clock = clock
        self._on_state = on_state
        self._options = options
        self._ports: dict[str, MidiOutput] = {}
        self._changing = 0
        self._voices: dict[str, tuple[MidiOutput, MidiVoice]] = {}

    def port(self, out: Midi) -> MidiOutput:
        """The port of a patch's Midi, opened if it is not open yet; the first one opened also records."""
        name = self._options.midi or out.port
        if name not in self._ports:
            self._ports[name] = MidiOutput(
                name,
                clock=self._clock,
                record=None if self._ports else self._options.record,
                soundfont=self._options.soundfont,
                delay=self._delay(name),
                on_state=self._on_state,
            )
        return self._ports[name]

    @property
    def ports(self) -> Mapping[str, MidiOutput]:
        """The open ports by name."""
        return self._ports

    def add(self, node: str, out: Midi) -> MidiVoice:
        """A node's voice on its port, with its addresses at their defaults."""
        port = self.port(out)
        before = self._voices.get(node)
        # A voice on the same port is kept: closing it would forget its settings.
        voice = before[1] if before is not None and before[0] is port else port.voice(node)
        self._voices[node] = port, voice
        for name, declared in VOICE_KNOBS.items():
            default = getattr(out, name, declared.default)
            self._tree.add(f"/{node}/{name}", replace(declared, default=default), partial(self._set, node, name))
            self._set(node, name, default)
        self._look_further_ahead(node, port.lead_s)
        return voice

    def of(self, node: str) -> MidiVoice | None:
        """A node's voice, if it has one."""
        return self._voices[node][1] if node in self._voices else None

    def remove(self, node: str) -> None:
        """Silences a node's voice, if it has one, and takes its addresses away; a port without any voice is closed."""
        if node in self._voices:
            self._voices.pop(node)[1].close()
            for name in VOICE_KNOBS:
                self._tree.remove(f"{node}/{name}")
            self.close_unused()

    def close_unused(self) -> None:
        """Closes the ports that no node plays to; within `changing` at its end."""
        if self._changing:
            return
        used = [port for port, _ in self._voices.values()]
        for name in [name for name, port in self._ports.items() if port not in used]:
            self._ports.pop(name).close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Several nodes change at once: a port that one leaves and another takes stays open, with its recording."""
        self._changing += 1
        try:
            yield
        finally:
            self._changing -= 1
            self.close_unused()

    def poll(self) -> None:
        """On a virtual clock: plays what is due by now."""
        for port in self._ports.values():
            port.poll()

    def panic(self) -> None:
        """Ends every note on every channel of every port, now, and throws away what is scheduled."""
        for port in self._ports.values():
            port.panic()

    def close(self) -> None:
        """Ends every note and closes the ports."""
        for port in self._ports.values():
            port.close()

    def keys_addresses(self) -> str:
        """Where the sender processes receive performers' keys directly, for KeySender."""
        return " ".join(port.keys_address for port in list(self._ports.values()) if port.keys_address)

    def recording(self) -> MidiOutput | None:
        """The port that records, if one does."""
        return next((port for port in self._ports.values() if port.recording), None)

    def _delay(self, port: str) -> str:
        """The delay that the command line gives for a port; the last one that matches counts."""
        return next((delay for pattern, delay in reversed(self._options.delays) if matches(pattern, port)), "")

    def _look_further_ahead(self, node: str, lead_s: float) -> None:
        """A node must decide before its instrument is to be sent to. Set as a parameter, so that sessions replay it."""
        address = f"/{node}/lookahead"
        if lead_s > 0.0 and address in self._tree and float(self._tree.get(address)) < lead_s + LEAD_MARGIN_S:  # type: ignore[arg-type]
            self._tree.set(address, lead_s + LEAD_MARGIN_S)

    def _set(self, node: str, name: str, value: Value) -> None:
        if node in self._voices:  # it may play to a layer only, by now
            self._voices[node][1].set(**{name: value})
