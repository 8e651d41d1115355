"""Runs all mappings, fifty times a second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.show.active_mapping import OVERRIDES, ActiveMapping, Override
from live.show.mapping import MAPPING_KNOBS, Mapping, read_mapping
from live.show.mapping_source import LatestSignals
from live.show.toml_file import TomlFile
from models.base import Knob, KnobError, event

STEP_S: Final = 0.02
LOOK_EVERY_S: Final = 1.0
REFUSED: Final = ("engine",)
"""First parts of addresses that mappings must not move: stop, reload and blackout."""


class MappingService:
    """The service that runs the mappings of the patch, of its mappings file, and those added over OSC.

    Of two mappings to one target the later one is used, and one of the file takes precedence over one of the patch.
    """

    def __init__(self, context: ServiceContext, path: Path | None, patch: Patch) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.drivers: dict[str, ActiveMapping] = {}
        self._wake, self._fail = context.wake, context.fail
        self._file = TomlFile(path, context.disk, context.fail)
        self._signals = LatestSignals(context.tree)
        self._lock = threading.RLock()
        self._patch = patch
        self._of_patch: dict[str, Mapping] = {}
        self._unsaved: set[str] = set()
        """Targets whose mapping has changed since it was last written to the file."""
        self._own: set[str] = set()
        """Targets whose mappings are in the file."""
        self._step_s = self._look_s = self._stepped_s = 0.0
        self._reported: dict[str, str] = {}

    # -- service -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and creates the mappings of the patch and of the file."""
        add = self.tree.add
        number = {name: Knob(knob.meaning, knob.low, knob.high, knob.unit) for name, knob in MAPPING_KNOBS.items()}
        source, target = Knob("an address or a wave", kind="text"), Knob("an address", kind="text")
        arguments = {name: number[name] for name in ("low", "high", "curve", "smooth")}
        add("/mapping/add", event("Maps a source to a target", 4, source=source, target=target, **arguments), self._add)
        add("/mapping/remove", event("Removes the mapping of a target", target=target), self._remove)
        override = "When a person moves a target: pause its mapping, return after a rest, or ignore the move"
        add("/mapping/override", Knob(override, kind="choice", choices=OVERRIDES, default="pause"))
        add(
            "/mapping/return",
            Knob(
                "For override return: time without changes after which the mapping moves the target again",
                0.0,
                3600.0,
                "s",
                default=4.0,
            ),
        )
        add(
            "/mapping/list",
            Knob("Target and source of each mapping, one per line", kind="text", default="", access="r"),
        )
        self.follow(self._patch)
        self._read()

    def follow(self, patch: Patch) -> None:
        """Creates, changes and removes mappings according to the patch; unchanged ones continue."""
        wanted = dict(patch.mappings)
        with self._lock:
            for target in [target for target in self._of_patch if target not in wanted and target not in self._own]:
                self._drop(target)
                self._put_back(target, patch)
            for target, mapping in wanted.items():
                if target not in self._own and (mapping != self._of_patch.get(target) or target not in self.drivers):
                    self._try(target, mapping)
            self._of_patch = wanted
        self._publish()

    def advance(self, now_s: float) -> float:
        """Moves all targets when a step is due; writes the file, and reads it when it has changed."""
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self._save()
            self._read()
        drivers = list(self.drivers.values())
        if now_s >= self._step_s and drivers:
            elapsed_s = min(1.0, now_s - self._stepped_s)
            self._stepped_s = now_s
            # Steps stay on a fixed grid, independent of other calls; missed steps are skipped.
            self._step_s = max(self._step_s + STEP_S, now_s + STEP_S / 2.0)
            override: Override = self.tree.get("/mapping/override")  # type: ignore[assignment]
            return_s = float(self.tree.get("/mapping/return"))  # type: ignore[arg-type]
            for driver in drivers:
                self._guard(driver, lambda driver=driver: driver.step(now_s, elapsed_s, override, return_s))  # type: ignore[misc]
        return min(self._look_s, self._step_s if self.drivers else float("inf"))

    def close(self) -> None:
        """Passes unsaved changes to the disk thread."""
        self._save()

    def drives(self, address: str) -> bool:
        """Whether a mapping currently moves this address or a component of it."""
        return any(
            target == address or target.startswith(f"{address}/")
            for target, driver in list(self.drivers.items())
            if driver.enabled
        )

    # -- requests, on any thread -----------------------------------------------------------------------

    def _add(self, given: Any) -> None:
        source, target, *numbers = given
        mapping = Mapping(source, **dict(zip(("low", "high", "curve", "smooth"), numbers, strict=False)))
        with self._lock:
            try:
                self._make(target, mapping)
            except AddressError as error:
                raise KnobError(f"/mapping/add: {error}") from None
            self._own.add(target)
            self._store(target)
        self._publish()

    def _remove(self, given: Any) -> None:
        target = next((d.target for d in self.drivers.values() if given[0] in (d.target, d.name)), None)
        if target is None:
            raise KnobError(f"no mapping moves {given[0]}; mapped are " + (", ".join(self.drivers) or "none"))
        with self._lock:
            self._drop(target)
            if target in self._own:
                self._own.discard(target)
                self._file.delete(target)
        self._publish()

    # -- inside -------------------------------------------------------------------------------------------------

    def _make(self, target: str, mapping: Mapping) -> None:
        """Creates a mapping, replacing one to the same target. Raises AddressError, KnobError."""
        if target[1:].partition("/")[0] in REFUSED:
            raise KnobError(f"no mapping may move {target}")
        mapping.check(self.tree.knob(target))
        self._drop(target)
        driver = ActiveMapping(target, mapping, self.tree, self.clock, self._signals, lambda: self._changed(target))
        self.drivers = {**self.drivers, target: driver}
        self._reported.pop(target, None)
        if len(self.drivers) == 1:
            self._step_s = self._stepped_s = self.clock.now()

    def _try(self, target: str, mapping: Mapping) -> None:
        try:
            self._make(target, mapping)
        except (AddressError, KnobError) as error:
            self._fail(f"mapping to {target}: {error}")

    def _drop(self, target: str) -> None:
        driver = self.drivers.get(target)
        if driver is not None:
            # Removed from the dictionary first, so that a step in progress ignores the missing addresses.
            self.drivers = {key: one for key, one in self.drivers.items() if key != target}
            driver.remove()

    def _put_back(self, target: str, patch: Patch) -> None:
        """Sets a target without a mapping to its value in the patch or its default; a vector's component stays."""
        node, _, name = target[1:].partition("/")
        knob = self.tree.knob(target) if target in self.tree else None
        if knob is not None and knob.kind != "pulse" and not isinstance(knob.default, tuple):
            given = patch.nodes[node].knobs if node in patch.nodes else {}
            self.tree.set(target, given.get(name, knob.default))

    def _changed(self, target: str) -> None:
        if target in self._own:
            self._unsaved.add(target)
        self._publish()

    def _save(self) -> None:
        """Writes changed mappings to the file, at most once per second."""
        with self._lock:
            moved, self._unsaved = self._unsaved, set()
            for target in moved & self._own:
                self._store(target)

    def _store(self, target: str) -> None:
        self._file.put(target, self.drivers[target].table())

    def _publish(self) -> None:
        lines = [f"{driver.target} {driver.source.text}" for driver in self.drivers.values()]
        self.tree.publish("/mapping/list", "\n".join(lines))
        self._wake()

    def _guard(self, driver: ActiveMapping, work: Callable[[], None]) -> None:
        """Reports an error once; the mapping keeps trying, since the missing address may be added later."""
        try:
            work()
        except (AddressError, KnobError) as error:
            removed = self.drivers.get(driver.target) is not driver  # by another thread
            if not removed and self._reported.get(driver.target) != str(error):
                self._reported[driver.target] = str(error)
                self._fail(f"mapping to {driver.target}: {error}; trying again")

    def _read(self) -> None:
        if not self._file.read_and_report():
            return
        with self._lock:
            for target in [target for target in self._own if target not in self._file.tables]:
                self._own.discard(target)
                self._drop(target)
                if target in self._of_patch:
                    self._try(target, self._of_patch[target])
            for target, table in self._file.tables.items():
                if target in self._own and self.drivers[target].table() == table:
                    continue
                try:
                    self._make(target, read_mapping(table))
                    self._own.add(target)
                except (AddressError, KnobError) as error:
                    line = self._file.line(target)
                    self._fail(f"{self._file.path}, line {line}: mapping to {target}: {error}")
        self._publish()
