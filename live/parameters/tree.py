"""The address space: every parameter of everything, typed, clipped and documented.

OSC, MIDI learn, presets, the control page and links all write here with `set`; a node reads all of its knobs at
once with `snapshot`. There is no callback or queue per parameter on the way to a node.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from live.parameters.batch import WriteBatch, run_all
from live.parameters.parameter import Parameter
from live.parameters.place import AddressError as AddressError
from live.parameters.place import Place as Place
from live.parameters.place import Signal as Signal
from live.parameters.place import Stored
from live.parameters.writer import current_writer, on_behalf_of
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value

if TYPE_CHECKING:
    from live.net.source_rule import SourceRule
    from live.session.observer import SessionObserver

PRESSES_AT_MOST = 8
"""Presses of a button that wait for their node; a flood of them must not keep it busy for seconds."""

Watcher = Callable[[str, tuple[Any, ...]], None]


@dataclass
class Tree:
    """All addresses of a running engine."""

    clock: Clock
    signals: dict[str, Signal] = field(default_factory=dict)
    watchers: list[Watcher] = field(default_factory=list)
    """Called with (address, arguments) after every change and for every signal, on the thread that made it."""
    source_rule: SourceRule | None = None  # which files and streams a sender may name
    recorder: SessionObserver | None = None
    """Told all writes and when each node looks, under the lock: in the order in which they happen."""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._batch = WriteBatch(self._lock)
        self._leaves: dict[str, Parameter] = {}
        self._places: dict[str, Place] = {}
        """Every address, those of the components of vectors included."""
        self._nodes: dict[str, dict[str, Parameter]] = {}
        self._moving: dict[str, Parameter] = {}
        self.version = 0
        """Grows whenever an address comes or goes, for those who keep something made from all addresses."""

    # -- what there is ------------------------------------------------------------------------------------------

    def add(self, address: str, knob: Knob, act: Callable[[Value], None] | None = None) -> None:
        """Adds an address with its default value; `act` is called with each value set, for what is no node's knob."""
        node, _, name = address[1:].partition("/")
        with self._lock:
            leaf = Parameter(address, knob, knob.default, act, self.source_rule)
            self._leaves[address] = leaf
            self._places[address] = Place(address, leaf, knob)
            self._nodes.setdefault(node, {})[name] = leaf
            self._moving.pop(address, None)
            self.version += 1
            for index, component in enumerate(knob.components if knob.kind == "vector" else ()):
                part = f"{address}/{component}"
                self._places[part] = Place(part, leaf, replace(knob, kind="float", components=()), index)

    def add_signal(self, address: str, types: str, meaning: str) -> None:
        """Declares an address that things are sent out under."""
        with self._lock:
            self.signals[address] = Signal(address, types, meaning)
            self.version += 1

    def remove(self, path: str) -> None:
        """Takes away a node with all of its addresses and signals, or an address of it with those under it, such as
        "ink/width" or "mapping/one".
        """
        node, _, within = path.partition("/")
        with self._lock:
            leaves = self._nodes.get(node, {})
            for name in [name for name in leaves if not within or f"{name}/".startswith(f"{within}/")]:
                leaf = leaves.pop(name)
                leaf.removed = True
                del self._leaves[leaf.address], self._places[leaf.address]
                self._moving.pop(leaf.address, None)
                for component in leaf.knob.components:
                    self._places.pop(f"{leaf.address}/{component}", None)
            if not leaves:
                self._nodes.pop(node, None)
            for address in [a for a in self.signals if a.startswith(f"/{path}/")]:
                del self.signals[address]
            self.version += 1

    def leaves(self, node: str | None = None) -> list[Parameter]:
        """All leaves, or one node's, in the order in which they were declared."""
        with self._lock:
            return list(self._leaves.values() if node is None else self._nodes.get(node, {}).values())

    def addresses(self) -> list[str]:
        """Everything that can be written or asked for, the components of vectors included."""
        with self._lock:
            return list(self._places)

    def __contains__(self, address: str) -> bool:
        return address in self._places

    def find(self, address: str) -> Place | None:
        """Where an address is, for `set_at` and `write_at`; None where there is no such address."""
        return self._places.get(address)

    def near(self, address: str) -> list[str]:
        """Up to three addresses that look like this one, for the sentence of an error."""
        if len(address) > 200:  # the comparison's cost grows with the square of the length
            return []
        return difflib.get_close_matches(address, self.addresses(), n=3, cutoff=0.6)

    def knob(self, address: str) -> Knob:
        """The declaration at an address; a vector's component has the vector's range. Raises AddressError."""
        return self._find(address).knob

    # -- writing ------------------------------------------------------------------------------------------------

    def set(self, address: str, value: Any, glide_s: float = 0.0) -> Stored:
        """Stores a value, clipped to its range, at once or gliding there in `glide_s` seconds.

        A glide of one component of a vector carries the others along: they arrive with it, where they were going.
        What acts on a value is called all along its glide (see `gliding`).
        Raises AddressError for an unknown or read-only address, KnobError for a value it cannot take.
        """
        return self.set_at(self._find(address), value, glide_s)

    def set_at(self, place: Place, value: Any, glide_s: float = 0.0) -> Stored:
        """`set` for an address that was found before."""
        leaf, index, address = place.parameter, place.index, place.address
        with self._lock:
            now_s = self.clock.now()
            if leaf.removed:
                raise AddressError(f"{address} has been removed")
            if leaf.knob.access == "r":
                raise AddressError(f"{address} can only be read")
            try:
                target = leaf.coerce_part(index, value)
            except KnobError as error:
                raise KnobError(f"{address}: {error}") from None
            kept = target[index] if index is not None and isinstance(target, tuple) else target
            if self.recorder is not None:
                self.recorder.wrote(now_s, address, leaf.knob, kept, glide_s)
            changed = self._move(leaf, target, now_s, glide_s, index)
            if leaf.knob.sets and changed:
                node = address[1:].partition("/")[0]
                values = {name: other.at(now_s) for name, other in self._nodes[node].items()}
                for name, follows in leaf.knob.sets({**values, **self._name(node, leaf, target)}).items():
                    other = self._nodes[node][name]
                    changed += self._move(other, other.knob.coerce(follows), now_s, glide_s)
            after: list[Callable[[], object]] = []
            if leaf.act and (leaf.knob.kind != "pulse" or target):
                leaf.due.append((target if leaf.end is None else leaf.at(now_s), current_writer()))
                after.append(partial(self._act, leaf))
            for moved in changed:
                published = True if moved.knob.kind == "pulse" else moved.at(now_s)
                after.append(partial(self._notify, moved.address, published))
            after = self._batch.hold(after)
        run_all(after)
        clipped = "" if kept == value else place.knob.clip_message(value)
        return Stored(kept, f"{address}: {clipped}" if clipped else "")

    def trust(self, address: str, value: Any) -> None:
        """Admits a file or stream that the patch or the command line names. Raises AddressError."""
        self._find(address).parameter.trust(value)

    def write(self, address: str, arguments: Sequence[Any]) -> Stored:
        """`set` for a sender that puts all in one list: value, or the components, and perhaps a glide in seconds."""
        return self.write_at(self._find(address), arguments)

    def write_at(self, place: Place, arguments: Sequence[Any]) -> Stored:
        """`write` for an address that was found before."""
        leaf, index, address = place.parameter, place.index, place.address
        whole = leaf.knob.kind in ("vector", "event") and index is None
        wants = len(leaf.knob.components) if whole else 1
        given = list(arguments)
        if given and isinstance(given[0], list | tuple):
            given = [*given[0], *given[1:]]
        if leaf.knob.kind == "pulse":
            given = given[:1] or [True]
        if leaf.knob.arguments:
            return self.set_at(place, tuple(given))
        if len(given) not in (wants, wants + 1):
            raise KnobError(
                f"{address}: expected {wants} value{'s' * (wants > 1)} and perhaps a glide in seconds, got {len(given)}"
            )
        glide_s = 0.0
        if len(given) > wants:
            try:
                glide_s = float(Knob("", 0.0, 86_400.0).coerce(given[wants]))  # type: ignore[arg-type]
            except KnobError as error:
                raise KnobError(f"{address}: the glide in seconds: {error}") from None
        return self.set_at(place, tuple(given[:wants]) if whole else given[0], glide_s)

    def publish(self, address: str, *values: Any) -> None:
        """Stores a read-only value, or sends a signal; all watchers are notified."""
        with self._lock:
            leaf = self._leaves.get(address)
            if leaf is not None:
                leaf.value, leaf.end = values[0] if len(values) == 1 else values, None
                self._moving.pop(address, None)
            after = self._batch.hold([partial(self._notify, address, values)])
        run_all(after)

    def batch(self) -> WriteBatch:
        """Makes the writes inside `with tree.batch():` happen at one instant: no snapshot sees only some of them.

        What follows from them (acts, watchers) comes after the last one, outside of the lock. Raises what those raise,
        the first one, after all have been called.
        """
        return self._batch

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, address: str) -> Value:
        """The value now. Raises AddressError."""
        with self._lock:
            place = self._find(address)
            index, value = place.index, place.parameter.at(self.clock.now())
        return value[index] if index is not None and isinstance(value, tuple) else value

    def snapshot(self, node: str, names: Iterable[str] | None = None, now_s: float | None = None) -> dict[str, Value]:
        """All knobs of a node as they stand now; a pulse is True in one snapshot per press, then False again."""
        with self._lock:
            now_s = self.clock.now() if now_s is None else now_s
            leaves = self._nodes.get(node, {})
            values: dict[str, Value] = {}
            for name in leaves if names is None else names:
                leaf = leaves[name]
                if leaf.knob.kind == "pulse":
                    values[name], leaf.presses = leaf.presses > 0, max(0, leaf.presses - 1)
                else:
                    values[name] = leaf.value if leaf.end is None else leaf.at(now_s)
            return values

    @property
    def glides(self) -> bool:
        """Whether a glide is under way, or has arrived and `gliding` has not published its end yet."""
        return bool(self._moving)

    def moving(self, address: str) -> bool:
        """Whether a glide is under way there. Raises AddressError."""
        with self._lock:
            leaf = self._find(address).parameter
            return leaf.end is not None and self.clock.now() < leaf.end_s

    def gliding(self) -> list[str]:
        """Tells acts and listeners the values of all glides under way, lands those that have arrived, names them."""
        now_s = self.clock.now()
        calls: list[Callable[[], object]] = []
        with self._lock:
            moving = list(self._moving.values())
            for leaf in moving:
                before, leaf.value = leaf.value, leaf.at(now_s)
                if leaf.act and leaf.value != before:
                    leaf.due.append((leaf.value, None))
                    calls.append(partial(self._act, leaf))
                calls.append(partial(self._notify, leaf.address, leaf.value))
                if now_s >= leaf.end_s:
                    leaf.end = None
                    del self._moving[leaf.address]
        run_all(calls)
        return [leaf.address for leaf in moving]

    # -- inside -------------------------------------------------------------------------------------------------

    def _find(self, address: str) -> Place:
        place = self._places.get(address)
        if place is not None:
            return place
        near = self.near(address)
        raise AddressError(f"no address {address}" + (f"; near it: {', '.join(near)}" if near else ""))

    def _move(
        self, leaf: Parameter, target: Value, now_s: float, glide_s: float, index: int | None = None
    ) -> list[Parameter]:
        if leaf.knob.kind == "event":  # handed on by `act`, and nothing is kept of it
            return []
        if leaf.knob.kind == "pulse":
            leaf.presses = min(leaf.presses + bool(target), PRESSES_AT_MOST)
            return [leaf] if target else []
        if leaf.move(target, now_s, glide_s, index):
            self._moving[leaf.address] = leaf
        else:
            self._moving.pop(leaf.address, None)
        return [leaf]

    def _act(self, leaf: Parameter) -> None:
        """Calls a parameter's `act` with all values that are due, in the order in which they were stored.

        One thread at a time does so, without a lock: a thread that stores a value meanwhile leaves the call to the
        first one. So the last call is with the last value, whatever threads write.
        """
        with self._lock:
            if leaf.acting or leaf.act is None:
                return
            leaf.acting = True
        failed: Exception | None = None
        while True:
            with self._lock:
                if not leaf.due:
                    leaf.acting = False
                    break
                value, writer = leaf.due.popleft()
            try:
                with on_behalf_of(writer):
                    leaf.act(value)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _name(self, node: str, leaf: Parameter, value: Value) -> Mapping[str, Value]:
        return {leaf.address[len(node) + 2 :]: value}

    def _notify(self, address: str, values: Any) -> None:
        arguments = values if isinstance(values, tuple) else (values,)
        for watcher in tuple(self.watchers):
            watcher(address, arguments)
