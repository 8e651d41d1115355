"""MIDI learn: touch a control of the device, and it moves the parameter; the map is kept beside the patch."""

from __future__ import annotations

import fnmatch
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from live.midi.input.controller import ControlId, ControlMove, ControlReader
from live.midi.input.message import PROGRAM, InputMessage
from live.midi.input.takeover import MODES, Takeover, mode_for
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from live.show.toml_file import TomlFile
from live.system.disk import DiskThread
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value

PAIR_WITHIN_S = 0.1
"""The second half of a fourteen-bit control comes this soon after the first."""
LOOK_EVERY_S = 1.0
_CONTROL = re.compile(r"(cc|note) (\d|\d\d|1[01]\d|12[0-7])|cc14 ([012]?\d|3[01])|nrpn \d{1,5}|bend|pressure")


class Learn:
    """The control-thread service that binds controls to addresses, moves these, and keeps the map in a file.

    `/midi/learn ADDRESS` waits for the next control that is touched; the empty text ends the waiting.
    """

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        wake: Callable[[], None],
        fail: Callable[[str], None],
        path: Path | None,
        disk: DiskThread | None = None,
    ) -> None:
        self.tree = tree
        self.clock = clock
        self._wake, self._fail = wake, fail
        self._file = TomlFile(path, disk, fail)
        self._turns = ControlReader()
        self._map: dict[str, tuple[ControlId, Takeover]] = {}
        self._asked: deque[Callable[[], None]] = deque()
        self._learnt: tuple[str, ControlId, float] | None = None

    # -- the part -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the map."""
        add, text = self.tree.add, {"kind": "text", "default": ""}
        learn = "The address that the next touched control will move; empty when nothing is to be learnt"
        add("/midi/learn", Knob(learn, **text), self._learn)  # type: ignore[arg-type]
        modes = ("auto", *MODES)
        how = "How the next learnt control moves its value; auto fits the parameter"
        add("/midi/learn_mode", Knob(how, kind="choice", choices=modes, default="auto"))
        forget = "No control moves this address any more; / forgets all"
        add("/midi/forget", Knob(forget, **text, access="w"), self._forget)  # type: ignore[arg-type]
        add("/midi/map", Knob("Which control moves what, a line for each", **text, access="r"))  # type: ignore[arg-type]
        recall = "Program changes recall presets by their number"
        add("/midi/programs", Knob(recall, kind="switch", default=True))
        self.tree.add_signal("/midi/learnt", "ss", "A control was bound: the address, and the control")
        away = "A control has yet to pass the value to have it: the address, and how far above (+) or below (-) it is"
        self.tree.add_signal("/midi/pickup", "sf", away)
        self._read()

    def follow(self, patch: Patch) -> None:  # noqa: ARG002
        """Addresses may have come that the map names."""
        self._asked.append(self._build)

    def advance(self, now_s: float) -> float:
        """Does what was asked for, and looks after the file."""
        while self._asked:
            self._asked.popleft()()
        self._read()
        return now_s + LOOK_EVERY_S

    def close(self) -> None:
        """The map is written with every change already."""

    # -- what comes in ------------------------------------------------------------------------------------------

    def take(self, given: InputMessage) -> None:
        """One message: learns from it, or moves what it is bound to."""
        if given.kind == PROGRAM:
            if self.tree.get("/midi/programs") and "/preset/recall" in self.tree:
                self._try("/preset/recall", lambda: self.tree.write("/preset/recall", [given.data[1] + 1]))
            return
        for turn in self._turns.read(given):
            if self._learning(turn, given.at_s):
                continue
            for address, (handle, grip) in list(self._map.items()):
                if _meant(handle, turn.handle):
                    self._try(address, lambda grip=grip, turn=turn: self._move(grip, turn))  # type: ignore[misc]

    def _move(self, grip: Takeover, turn: ControlMove) -> None:
        if grip.address in self.tree and not grip.turn(turn, self.tree):
            self.tree.publish("/midi/pickup", grip.address, grip.away)

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

    def _learning(self, turn: ControlMove, at_s: float) -> bool:
        """Whether a turn was used up by learning: the first one, or the fine half of what was just learnt."""
        address = str(self.tree.get("/midi/learn"))
        if address and (turn.pressed or not turn.handle.control.startswith("note")):
            self.tree.publish("/midi/learn", "")
            self._learnt = address, turn.handle, at_s
            self._bind(address, turn)
            return True
        if self._learnt is None or at_s - self._learnt[2] > PAIR_WITHIN_S:
            return False
        address, first, _ = self._learnt
        kind, _, number = first.control.partition(" ")
        fine = ControlId(first.device, first.channel, f"cc14 {number}")
        if kind == "cc" and turn.handle == fine:
            self._learnt = None
            self._bind(address, turn)
            return True
        return False

    def _bind(self, address: str, turn: ControlMove) -> None:
        handle, wanted = turn.handle, str(self.tree.get("/midi/learn_mode"))
        try:
            mode = mode_for(self.tree.knob(address), handle.control, wanted)
        except (AddressError, KnobError) as error:
            self._fail(f"MIDI learn: {address}: {error}")
            return
        table: dict[str, Any] = {"device": handle.device, "channel": handle.channel, "control": handle.control}
        self._file.put(address, {**table, "mode": mode})
        self._map[address] = handle, Takeover(address, mode)
        self._map[address][1].seen(turn)
        self.tree.publish("/midi/learnt", address, _told(handle))
        self._show()

    def _forget(self, address: Value) -> None:
        if address != "/" and address not in self._map and address not in self._file.tables:
            known = ", ".join(self._map) or "nothing"
            raise AddressError(f"/midi/forget: no control moves {address!r}; there are controls for {known}")

        def forget() -> None:
            for one in list(self._file.tables) if address == "/" else [str(address)]:
                self._file.delete(one)
            self._build()

        self._asked.append(forget)
        self._wake()

    # -- the map ------------------------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._file.read():
            for sentence in self._file.complaints:
                self._fail(sentence)
            self._build()

    def _build(self) -> None:
        """The map as the file says it; of what stays alike, the hold stays, too."""
        before, self._map = self._map, {}
        for address, table in self._file.tables.items():
            try:
                handle, grip = self._entry(address, table)
            except (AddressError, KnobError) as error:
                place = f"{self._file.path}, line {self._file.line(address)}" if self._file.path else "the map"
                self._fail(f"{place}: {address}: {error}")
                continue
            was = before.get(address)
            alike = was is not None and (was[0], was[1].mode, was[1].part) == (handle, grip.mode, grip.part)
            self._map[address] = was if was is not None and alike else (handle, grip)
        self._show()

    def _entry(self, address: str, table: dict[str, Any]) -> tuple[ControlId, Takeover]:
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
            raise KnobError(f"expected part = [from, to] of the travel, 0 to 1, got {part!r}")
        handle = ControlId(device, channel, control)
        return handle, Takeover(
            address, mode_for(self.tree.knob(address), control, mode), (float(part[0]), float(part[1]))
        )

    def _show(self) -> None:
        lines = [f"{address} {_told(handle)}, {grip.mode}" for address, (handle, grip) in self._map.items()]
        self.tree.publish("/midi/map", "\n".join(lines))


def _meant(mapped: ControlId, turned: ControlId) -> bool:
    """Whether it is this control; a person may have written a pattern with * and ? for the device."""
    if (mapped.channel, mapped.control) != (turned.channel, turned.control):
        return False
    return mapped.device == turned.device or fnmatch.fnmatchcase(turned.device.casefold(), mapped.device.casefold())


def _told(handle: ControlId) -> str:
    return f"{handle.device} channel {handle.channel} {handle.control}"
