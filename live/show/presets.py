"""Presets: the values of all parameters, stored under a name, and recalled at once or as a morph."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from live.osc.pattern import Pattern, PatternError
from live.parameters.parameter import Parameter
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.patch import Patch
from live.show.beat_wait import GRIDS, BeatWait, Grid
from live.show.preset_store import Preset, PresetStore
from live.show.toml_repair import COMPLAINTS_AT_MOST
from models.base import Knob, KnobError, Value, event

SCOPE: Final = (
    "//* -/{engine,session,midi,camera,preset,cue,mapping,schedule,visitors}//* "
    "-/window/* -/window/{corner,mesh,edge}/* -/clock/{source,play,in,out,offset} "
    "-/*/{seed,pause,source,channel,listen,thru,sustain,lookahead,nudge}"
)
"""Everything except settings of equipment and of the moment: a preset must not restart the piece or change a port."""
NEVER: Final = ("engine", "session", "preset", "cue", "schedule", "visitors")
"""First parts of addresses that presets never set, even if their file contains them."""
LOOK_EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A recall that waits for a beat."""

    moment: BeatWait
    name: str
    seconds: float
    node: str


@dataclass(frozen=True, slots=True)
class _Flip:
    """A value that cannot glide: it changes at `due_s` of a morph, unless it has changed from `was` meanwhile."""

    due_s: float
    address: str
    value: Any
    was: Value


class Presets:
    """The service that stores and recalls presets, from any thread.

    `driven` returns whether a mapping currently moves an address: such an address is neither stored nor recalled.
    """

    def __init__(
        self,
        context: ServiceContext,
        path: Path | None,
        driven: Callable[[str], bool] = lambda _: False,
        shipped: Path | None = None,
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.store = PresetStore(path, context.disk, context.fail, shipped)
        self._wake, self._fail = context.wake, context.fail
        self._driven = driven
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._flips: list[_Flip] = []
        self._look_s = 0.0
        self._reported: set[str] = set()
        self._kept: tuple[tuple[int, str], list[Parameter]] = ((-1, ""), [])

    # -- service -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the file."""
        add = self.tree.add
        name, node = Knob("a name, or a number", kind="text"), Knob("only this node", kind="text")
        add("/preset/store", event("Stores all values under a name", 1, name=name, node=node), self._store)
        seconds = Knob("duration of the morph; by default /preset/seconds", 0.0, 3600.0, "s")
        add(
            "/preset/recall",
            event("Recalls a preset, at once or as a morph", 2, name=name, seconds=seconds, node=node),
            self._recall,
        )
        add("/preset/delete", event("Deletes a preset", name=name), self._delete)
        add("/preset/rename", event("Gives a preset another name", name=name, to=name), self._rename)
        add("/preset/seconds", Knob("Default duration of a morph", 0.0, 3600.0, "s"))
        quantise = Knob("Delays recalls to the next beat or bar", kind="choice", choices=GRIDS, default="none")
        add("/preset/quantise", quantise)
        add(
            "/preset/flip",
            Knob("When a morph sets switches, choices and texts: 0 at its start, 1 at its end", 0.0, 1.0),
        )
        scope = Knob(
            "Patterns of the addresses that a preset contains; - before a pattern excludes", kind="text", default=SCOPE
        )
        add("/preset/scope", scope, self._check_scope)
        add("/preset/list", Knob("The names, one per line", kind="text", default="", access="r"))
        add("/preset/last", Knob("The preset stored or recalled last", kind="text", default="", access="r"))
        self._publish("")
        self._read()

    def follow(self, patch: Patch) -> None:
        """Does nothing: the presets belong to the patch file's name, which a reload does not change."""

    def advance(self, now_s: float) -> float:
        """Performs recalls and flips that are due; reads the file when it has changed."""
        with self._lock:
            due = [one for one in self._waiting.values() if one.moment.due_s(self.clock) <= now_s]
            for one in due:
                del self._waiting[one.node]
            flips = [flip for flip in self._flips if flip.due_s <= now_s]
            self._flips = [flip for flip in self._flips if flip.due_s > now_s]
        for flip in flips:
            self._flip(flip)
        for one in due:
            self._try(lambda one=one: self._go(one.name, one.seconds, one.node))  # type: ignore[misc]
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self._read()
        with self._lock:
            waits = [one.moment.due_s(self.clock) for one in self._waiting.values()]
            waits += [flip.due_s for flip in self._flips]
            return min([self._look_s, *waits])

    def close(self) -> None:
        """Does nothing: the disk thread writes unsaved changes."""

    def drop(self) -> None:
        """Drops recalls that wait for a beat, and the remaining flips of morphs."""
        with self._lock:
            self._waiting.clear()
            self._flips.clear()

    # -- requests, on any thread -----------------------------------------------------------------------

    def _store(self, given: Any) -> None:
        name, node = (*given, "")[:2]
        _check_name("/preset/store", name)
        node = node.strip("/")
        within = self._within_scope()
        now: Preset = {}
        with self.tree.batch():
            time_s = self.clock.now()
            values = [(parameter.address, parameter.at(time_s)) for parameter in within]
        for address, value in values:
            owner, _, knob = address[1:].partition("/")
            if node in ("", owner) and not self._driven(address):
                now.setdefault(owner, {})[knob] = _rounded(value)
        if not now:
            raise KnobError(f"/preset/store: /{node} has no values to store")
        self.store.put(name, {**self.store.presets.get(name, {}), **now} if node else now)
        self._publish(name)

    def _recall(self, given: Any) -> None:
        name = self.store.find(given[0])
        seconds = given[1] if len(given) > 1 else self._number("/preset/seconds")
        node = given[2].strip("/") if len(given) > 2 else ""
        if node and node not in self.store.presets[name]:
            raise KnobError(f"preset {name} contains no values of /{node}")
        grid: Grid = self.tree.get("/preset/quantise")  # type: ignore[assignment]
        with self._lock:
            self._waiting.pop(node, None)
            if grid != "none":
                self._waiting[node] = _Waiting(BeatWait.next(self.clock, grid), name, seconds, node)
        if grid == "none":
            self._go(name, seconds, node)
        self._wake()

    def _delete(self, given: Any) -> None:
        name = self.store.find(given[0])
        self.store.delete(name)
        self._publish("")

    def _rename(self, given: Any) -> None:
        name, to = self.store.find(given[0]), given[1]
        _check_name("/preset/rename", to)
        if to != name and to in self.store.presets:
            raise KnobError(f"/preset/rename: a preset {to!r} exists already")
        self.store.rename(name, to)
        self._publish(to if self.tree.get("/preset/last") == name else "")

    def _check_scope(self, _value: Value) -> None:
        self._scope()

    # -- inside -------------------------------------------------------------------------------------------------

    def _scope(self) -> Callable[[str], bool]:
        words = str(self.tree.get("/preset/scope")).split()
        try:
            taken = [Pattern(word) for word in words if not word.startswith("-")]
            left = [Pattern(word[1:]) for word in words if word.startswith("-")]
        except PatternError as error:
            raise KnobError(f"/preset/scope: {error}") from None
        return lambda address: _any(taken, address) and not _any(left, address)

    def _within_scope(self) -> list[Parameter]:
        """The parameters that a preset may hold; kept until the scope or the addresses change."""
        key = self.tree.version, str(self.tree.get("/preset/scope"))
        if self._kept[0] != key:
            taken = self._scope()
            writable = [parameter for parameter in self.tree.parameters() if parameter.knob.access == "rw"]
            self._kept = key, [parameter for parameter in writable if taken(parameter.address)]
        return self._kept[1]

    def _go(self, name: str, seconds: float, node: str) -> None:
        """Sets the preset's values of one node, or of all, at one instant."""
        preset = self.store.presets.get(name, {})
        wanted = {
            f"/{owner}/{knob}": value
            for owner, values in preset.items()
            if node in ("", owner) and owner not in NEVER
            for knob, value in values.items()
        }
        self._complain(name, preset)
        flip_s = seconds * self._number("/preset/flip")
        now_s = self.clock.now()
        flips: list[_Flip] = []
        with self.tree.batch():
            # Knobs that set others come first, so that the preset's own values of those override.
            for address in sorted(wanted, key=self._sets_nothing):
                value = wanted[address]
                if self._problem(address, value, strict=False) or self._driven(address):
                    continue
                knob = self.tree.knob(address)
                if knob.coerce(value) == self.tree.get(address) and not self.tree.moving(address):
                    continue  # a glide to the same value would publish it during the whole morph
                if knob.glides or knob.sets or flip_s <= 0.0:
                    self.tree.set(address, value, seconds)
                else:
                    flips.append(_Flip(now_s + flip_s, address, value, self.tree.get(address)))
            with self._lock:
                self._flips = [flip for flip in self._flips if flip.address not in wanted] + flips
        self.tree.publish("/preset/last", name)

    def _flip(self, flip: _Flip) -> None:
        if flip.address in self.tree and self.tree.get(flip.address) == flip.was:
            self._try(lambda: self.tree.set(flip.address, flip.value))

    def _sets_nothing(self, address: str) -> bool:
        return address not in self.tree or self.tree.knob(address).sets is None

    def _problem(self, address: str, value: Any, strict: bool = True) -> AddressError | str:
        """The error in a value of a preset, or ""; with `strict` also that it would be clipped."""
        try:
            if address.split("/")[1] in NEVER:
                return f"{address}: presets cannot set it"
            knob = self.tree.knob(address)
            if knob.access != "rw":
                return f"{address} is not both readable and writable, so presets cannot contain it"
            knob.coerce(value)
        except AddressError as error:
            return error
        except KnobError as error:
            return f"{address}: {error}"
        beyond = knob.clip_message(value) if strict else ""
        return f"{address}: {beyond}" if beyond else ""

    def _complain(self, name: str, preset: Mapping[str, Mapping[str, Any]]) -> None:
        """Reports each invalid value of a preset once, and of a file with many of them the first ones."""
        for owner, values in preset.items():
            for knob, value in values.items():
                problem = self._problem(f"/{owner}/{knob}", value)
                if not problem or len(self._reported) > COMPLAINTS_AT_MOST:
                    continue
                if len(self._reported) == COMPLAINTS_AT_MOST:
                    self._once(f"preset {name}: more values that cannot be set")
                else:
                    self._once(f"{self.store.where(name, owner, knob)}: {problem}")

    def _once(self, sentence: str) -> None:
        if sentence not in self._reported:
            self._reported.add(sentence)
            self._fail(sentence)

    def _number(self, address: str) -> float:
        return float(self.tree.get(address))  # type: ignore[arg-type]

    def _try(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            self._fail(f"preset: {error}")

    def _publish(self, last: str) -> None:
        self.tree.publish("/preset/list", "\n".join(self.store.presets))
        if last:
            self.tree.publish("/preset/last", last)
        self._wake()

    # -- the file -----------------------------------------------------------------------------------------------

    def _read(self) -> None:
        complaints = self.store.read()
        if complaints is None:
            return
        for sentence in complaints:
            self._fail(sentence)
        self._reported.clear()
        for name, preset in self.store.presets.items():
            self._complain(name, preset)
        self._publish("")


def _check_name(address: str, name: str) -> None:
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise KnobError(f"{address}: expected a name of 1 to 100 characters on one line, got {name[:100]!r}")


def _any(patterns: Iterable[Pattern], address: str) -> bool:
    return any(pattern.matches(address) for pattern in patterns)


def _rounded(value: Value) -> Any:
    """Rounds to six digits, so that 32-bit floats are written in the way they were typed."""
    if isinstance(value, tuple):
        return [_rounded(part) for part in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
