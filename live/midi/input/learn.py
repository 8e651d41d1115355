"""MIDI learn: binds controls of MIDI devices to parameters; the map is a file in the patch's folder."""

from __future__ import annotations

import fnmatch
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from live.midi.input.controller import ControlId, ControlMove, ControlReader
from live.midi.input.device_name import plain_name
from live.midi.input.message import BEND, CONTROL, ON, PRESSURE, PROGRAM, InputMessage
from live.midi.input.takeover import MODES, Takeover, mode_for
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.show.toml_file import TomlFile
from models.base import Knob, KnobError, Value

PAIR_WITHIN_S = 0.1
"""Longest time between the two halves of a 14-bit control."""
READ_EVERY_S = 1.0
_CONTROL = re.compile(
    r"(cc|note) (\d|\d\d|1[01]\d|12[0-7])|cc14 ([012]?\d|3[01])|nrpn \d{1,5}|n?rpn \d{1,5} step|bend|pressure"
)
NO_LAMP = "none"
_LAMP = re.compile(rf"(cc|note) (\d|\d\d|1[01]\d|12[0-7])|cc14 ([012]?\d|3[01])|bend|{NO_LAMP}")


class Binding(NamedTuple):
    """A control that moves an address. `lamp` shows the value, "" for the control itself (see Lamps)."""

    control: ControlId
    takeover: Takeover
    lamp: str = ""


class Learn:
    """The control-thread service that binds controls to addresses, moves their values, and stores the map in a file.

    `/midi/learn ADDRESS` binds the next control that is moved; an empty text cancels.
    """

    def __init__(self, context: ServiceContext, path: Path | None) -> None:
        self.tree, self.clock = context.tree, context.clock
        self._wake, self._fail = context.wake, context.fail
        self._file = TomlFile(path, context.disk, context.fail)
        self._controls = ControlReader()
        self._map: dict[str, Binding] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._learned: tuple[str, ControlId, float] | None = None

    # -- the service --------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the map."""
        add, text = self.tree.add, {"kind": "text", "default": ""}
        learn = "Address to which the next moved control is bound; empty: none"
        add("/midi/learn", Knob(learn, **text), self._learn)  # type: ignore[arg-type]
        modes = ("auto", *MODES)
        how = "Mode in which the next learned control moves its value; auto: by the parameter"
        add("/midi/learn_mode", Knob(how, kind="choice", choices=modes, default="auto"))
        forget = "Removes the binding of this address; / removes all"
        add("/midi/forget", Knob(forget, **text, access="w"), self._forget)  # type: ignore[arg-type]
        add("/midi/map", Knob("Address, control, mode of each binding, one per line", **text, access="r"))  # type: ignore[arg-type]
        recall = "Whether program changes recall presets by number"
        add("/midi/programs", Knob(recall, kind="switch", default=True))
        self.tree.add_signal("/midi/learnt", "ss", "A new binding: the address, and the control")
        away = "A control that has not picked up its value yet: the address, and the distance above (+) or below (-) it"
        self.tree.add_signal("/midi/pickup", "sf", away)
        self._read()

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """Rebuilds the map, since the patch may have added addresses that the map names."""
        self._asked.append(self._build)

    def advance(self, now_s: float) -> float:
        """Processes requests; reads the file when it has changed."""
        while self._asked:
            self._asked.popleft()()
        self._read()
        return now_s + READ_EVERY_S

    def close(self) -> None:
        """Does nothing: the file is written with every change."""

    def bindings(self) -> dict[str, Binding]:
        """All bound controls by their addresses; only on the control thread."""
        return dict(self._map)

    # -- messages -----------------------------------------------------------------------------------------------

    def receive(self, message: InputMessage) -> bool:
        """Learns from a message, or moves the value of its control; returns True for a bound control.

        For the end of a note it returns False: other receivers may have received its beginning before it was bound.
        """
        if message.kind == PROGRAM:
            if self.tree.get("/midi/programs") and "/preset/recall" in self.tree:
                self._try("/preset/recall", lambda: self.tree.write("/preset/recall", [message.data[1] + 1]))
            return False
        bound = False
        for move in self._controls.read(message):
            if self._learning(move, message.at_s):
                bound = True
                continue
            for address, (control, takeover, _) in list(self._map.items()):
                if _is_meant(control, move.control):
                    bound = True
                    self._try(address, lambda takeover=takeover, move=move: self._move(takeover, move))  # type: ignore[misc]
        return bound and message.kind in (ON, CONTROL, BEND, PRESSURE)

    def _move(self, takeover: Takeover, move: ControlMove) -> None:
        if takeover.address in self.tree and not takeover.move(move, self.tree):
            self.tree.publish("/midi/pickup", takeover.address, takeover.away)

    def _try(self, address: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (AddressError, KnobError) as error:
            self._fail(f"MIDI for {address}: {error}")

    # -- learning -----------------------------------------------------------------------------------------------

    def _learn(self, address: Value) -> None:
        if address:
            try:
                mode_for(self.tree.knob(str(address)), "cc 1")
            except (AddressError, KnobError) as error:
                self.tree.publish("/midi/learn", "")
                raise AddressError(f"/midi/learn: {address}: {error}") from None

    def _learning(self, move: ControlMove, at_s: float) -> bool:
        """Learns from a move; returns True if it was used: the first one, or the fine half of the learned control."""
        address = str(self.tree.get("/midi/learn"))
        if address and (move.pressed or not move.control.is_key):
            self.tree.publish("/midi/learn", "")
            self._learned = address, move.control, at_s
            self._bind(address, move)
            return True
        if self._learned is None or at_s - self._learned[2] > PAIR_WITHIN_S:
            return False
        address, first, _ = self._learned
        kind, _, number = first.control.partition(" ")
        fine = ControlId(first.device, first.channel, f"cc14 {number}")
        if kind == "cc" and move.control == fine:
            self._learned = None
            self._bind(address, move)
            return True
        return False

    def _bind(self, address: str, move: ControlMove) -> None:
        control, wanted = move.control, str(self.tree.get("/midi/learn_mode"))
        try:
            mode = mode_for(self.tree.knob(address), control.control, wanted)
        except (AddressError, KnobError) as error:
            self._fail(f"MIDI learn: {address}: {error}")
            return
        table: dict[str, Any] = {"device": control.device, "channel": control.channel, "control": control.control}
        self._file.put(address, {**table, "mode": mode})
        self._map[address] = Binding(control, Takeover(address, mode))
        self._map[address].takeover.start_at(move)
        self.tree.publish("/midi/learnt", address, str(control))
        self._show()

    def _forget(self, address: Value) -> None:
        if address != "/" and address not in self._map and address not in self._file.tables:
            known = ", ".join(self._map) or "nothing"
            raise AddressError(f"/midi/forget: no control is bound to {address!r}; bound are {known}")

        def forget() -> None:
            for one in list(self._file.tables) if address == "/" else [str(address)]:
                self._file.delete(one)
            self._build()

        self._asked.append(forget)
        self._wake()

    # -- the map ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._file.read_and_report():
            self._build()

    def _build(self) -> None:
        """Builds the map from the file; unchanged entries keep the state of their takeover."""
        before, self._map = self._map, {}
        for address, table in self._file.tables.items():
            try:
                new = self._entry(address, table)
            except (AddressError, KnobError) as error:
                place = f"{self._file.path}, line {self._file.line(address)}" if self._file.path else "the map"
                self._fail(f"{place}: {address}: {error}")
                continue
            old = before.get(address)
            alike = old is not None and _settings(old) == _settings(new)
            self._map[address] = old if old is not None and alike else new
        self._show()

    def _entry(self, address: str, table: dict[str, Any]) -> Binding:
        device, channel, control = table.get("device"), table.get("channel"), table.get("control")
        if not isinstance(device, str) or type(channel) is not int or not 1 <= channel <= 16:
            raise KnobError('expected device = "a name" and channel = 1 to 16')
        if not isinstance(control, str) or not _CONTROL.fullmatch(control):
            raise KnobError(f'expected control = "cc 74", "cc14 2", "nrpn 300", "note 36" or "bend", got {control!r}')
        mode = table.get("mode", "auto")
        if mode not in ("auto", *MODES):
            raise KnobError(f"expected mode = one of {', '.join(MODES)}, got {mode!r}")
        part = table.get("part", [0.0, 1.0])
        if not isinstance(part, list) or [type(p) in (int, float) and 0 <= p <= 1 for p in part] != [True, True]:
            raise KnobError(f"expected part = [from, to] of the range, 0 to 1, got {part!r}")
        lamp = table.get("lamp", "")
        if not isinstance(lamp, str) or (lamp and not _LAMP.fullmatch(lamp)):
            raise KnobError(f'expected lamp = "note 20", "cc 20" or "{NO_LAMP}", got {lamp!r}')
        mode = mode_for(self.tree.knob(address), control, mode)
        takeover = Takeover(address, mode, (float(part[0]), float(part[1])))
        # A map of an older version may contain the name with the numbers of its system.
        return Binding(ControlId(plain_name(device), channel, control), takeover, lamp)

    def _show(self) -> None:
        lines = [f"{address} {control}, {takeover.mode}" for address, (control, takeover, _) in self._map.items()]
        self.tree.publish("/midi/map", "\n".join(lines))


def _settings(binding: Binding) -> tuple[object, ...]:
    return binding.control, binding.takeover.mode, binding.takeover.part, binding.lamp


def _is_meant(mapped: ControlId, moved: ControlId) -> bool:
    """Whether a control of the map is the moved one; the map may name the device by a pattern with * and ?."""
    if (mapped.channel, mapped.control) != (moved.channel, moved.control):
        return False
    return mapped.device == moved.device or fnmatch.fnmatchcase(moved.device.casefold(), mapped.device.casefold())
