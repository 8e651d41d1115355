"""The MIDI ports of the nodes, and the addresses of their settings."""

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
    channel: Annotated[int, Knob("MIDI channel", 1, 16, steps=True)] = 1,
    program: Annotated[
        int, Knob("Instrument (MIDI program), 1 to 128; 0: unchanged", 0, 128, steps=True)
    ] = 0,
    transpose: Annotated[int, Knob("Transposition of all sent notes", -60, 60, "semitones")] = 0,
    volume: Annotated[int, Knob("Volume of the instrument (controller 7); -1: unchanged", -1, 127, unset=-1)] = -1,
    sustain: Annotated[bool, Knob("Hold the sustain pedal down")] = False,
    pedal: Annotated[bool, Knob("Hold long notes by the sustain pedal (controller 64) instead of their keys")] = False,
) -> None:
    """The knobs of a node's MIDI output; the patch's Midi has the defaults of channel, program and transpose."""


LEAD_MARGIN_S = 0.1
"""Least look-ahead of a node in addition to its instrument's delay."""
VOICE_KNOBS = knobs_of(_settings)


class NodeOutputs:
    """The open ports by name, each shared by all nodes that use it, and each node's voice on its port."""

    def __init__(self, tree: Tree, clock: Clock, on_state: OnState, options: Options) -> None:
        self._tree = tree
        self._clock = clock
        self._on_state = on_state
        self._options = options
        self._ports: dict[str, MidiOutput] = {}
        self._changing = 0
        self._voices: dict[str, tuple[MidiOutput, MidiVoice]] = {}

    def port(self, out: Midi) -> MidiOutput:
        """The port of a patch's Midi, opened if necessary; the first opened one also records."""
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
        """Connects a node to its port, and declares its addresses with their defaults; returns its voice."""
        port = self.port(out)
        before = self._voices.get(node)
        # A voice on the same port is kept, since closing it would discard its settings.
        voice = before[1] if before is not None and before[0] is port else port.voice(node)
        self._voices[node] = port, voice
        for name, declared in VOICE_KNOBS.items():
            default = getattr(out, name, declared.default)
            self._tree.add(f"/{node}/{name}", replace(declared, default=default), partial(self._set, node, name))
            self._set(node, name, default)
        self._look_further_ahead(node, port.lead_s)
        return voice

    def of(self, node: str) -> MidiVoice | None:
        """The voice of a node, or None."""
        return self._voices[node][1] if node in self._voices else None

    def remove(self, node: str) -> None:
        """Silences and removes a node's voice and its addresses, if any; closes a port without voices."""
        if node in self._voices:
            self._voices.pop(node)[1].close()
            for name in VOICE_KNOBS:
                self._tree.remove(f"{node}/{name}")
            self.close_unused()

    def close_unused(self) -> None:
        """Closes the ports without nodes; within `changing` at its end."""
        if self._changing:
            return
        used = [port for port, _ in self._voices.values()]
        for name in [name for name, port in self._ports.items() if port not in used]:
            self._ports.pop(name).close()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Groups changes of several nodes: a port that passes from one to another stays open and goes on recording."""
        self._changing += 1
        try:
            yield
        finally:
            self._changing -= 1
            self.close_unused()

    def poll(self) -> None:
        """On a virtual clock: plays the events that are due."""
        for port in self._ports.values():
            port.poll()

    def panic(self) -> None:
        """Ends every note on every channel of every port now, and discards scheduled events."""
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
        """The port that records, or None."""
        return next((port for port in self._ports.values() if port.recording), None)

    def _delay(self, port: str) -> str:
        """The delay of a port from the command line: that of the last matching pattern."""
        return next((delay for pattern, delay in reversed(self._options.delays) if matches(pattern, port)), "")

    def _look_further_ahead(self, node: str, lead_s: float) -> None:
        """Raises a node's look-ahead above its instrument's delay; as a parameter, so that sessions replay it."""
        address = f"/{node}/lookahead"
        if lead_s > 0.0 and address in self._tree and float(self._tree.get(address)) < lead_s + LEAD_MARGIN_S:  # type: ignore[arg-type]
            self._tree.set(address, lead_s + LEAD_MARGIN_S)

    def _set(self, node: str, name: str, value: Value) -> None:
        if node in self._voices:  # the node may have lost its MIDI output meanwhile
            self._voices[node][1].set(**{name: value})
