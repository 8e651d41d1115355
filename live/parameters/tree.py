"""The address space: all parameters of the engine, typed, clipped and documented.

OSC, MIDI learn, presets, the control page and mappings write with `set`; a node reads all of its knobs at once with
`snapshot`. There is no callback or queue per parameter between them.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from live.parameters.address import AddressEntry as AddressEntry
from live.parameters.address import AddressError as AddressError
from live.parameters.address import Signal as Signal
from live.parameters.address import Stored, UnknownAddressError
from live.parameters.batch import WriteBatch, run_all
from live.parameters.parameter import Parameter
from live.parameters.writer import current_writer, on_behalf_of
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value

if TYPE_CHECKING:
    from live.net.source_rule import SourceRule
    from live.session.observer import SessionObserver

PRESSES_AT_MOST = 8
"""Most presses of a button that wait for their node, so that a flood of them does not keep it busy for seconds."""

Watcher = Callable[[str, tuple[Any, ...]], None]


@dataclass
class Tree:
    """All addresses of a running engine."""

    clock: Clock
    signals: dict[str, Signal] = field(default_factory=dict)
    watchers: list[Watcher] = field(default_factory=list)
    """Called with (address, arguments) after every change and for every signal, on the thread that caused it."""
    source_rule: SourceRule | None = None  # which files and streams a sender may name
    recorder: SessionObserver | None = None
    """Receives all writes and the start of each node's iterations, under the lock and therefore in order."""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._batch = WriteBatch(self._lock)
        self._parameters: dict[str, Parameter] = {}
        self._entries: dict[str, AddressEntry] = {}
        """All addresses, including those of vector components."""
        self._nodes: dict[str, dict[str, Parameter]] = {}
        self._moving: dict[str, Parameter] = {}
        self.version = 0
        """Incremented whenever an address is added or removed, for caches that depend on all addresses."""

    # -- declarations -------------------------------------------------------------------------------------------

    def add(self, address: str, knob: Knob, act: Callable[[Value], None] | None = None) -> None:
        """Adds an address with its default value; `act`, for parameters of services, is called with each value set."""
        node, _, name = address[1:].partition("/")
        with self._lock:
            parameter = Parameter(address, knob, knob.default, act, self.source_rule)
            self._parameters[address] = parameter
            self._entries[address] = AddressEntry(address, parameter, knob)
            self._nodes.setdefault(node, {})[name] = parameter
            self._moving.pop(address, None)
            self.version += 1
            for index, component in enumerate(knob.components if knob.kind == "vector" else ()):
                part = f"{address}/{component}"
                self._entries[part] = AddressEntry(part, parameter, replace(knob, kind="float", components=()), index)

    def add_signal(self, address: str, types: str, meaning: str) -> None:
        """Declares a signal: an address under which messages are sent."""
        with self._lock:
            self.signals[address] = Signal(address, types, meaning)
            self.version += 1

    def remove(self, path: str) -> None:
        """Removes a node with all of its addresses and signals, or an address with those below it, such as "ink/width"
        or "mapping/one".
        """
        node, _, within = path.partition("/")
        with self._lock:
            parameters = self._nodes.get(node, {})
            for name in [name for name in parameters if not within or f"{name}/".startswith(f"{within}/")]:
                parameter = parameters.pop(name)
                parameter.removed = True
                del self._parameters[parameter.address], self._entries[parameter.address]
                self._moving.pop(parameter.address, None)
                for component in parameter.knob.components:
                    self._entries.pop(f"{parameter.address}/{component}", None)
            if not parameters:
                self._nodes.pop(node, None)
            for address in [a for a in self.signals if a.startswith(f"/{path}/")]:
                del self.signals[address]
            self.version += 1

    def parameters(self, node: str | None = None) -> list[Parameter]:
        """All parameters, or one node's, in the order in which they were declared."""
        with self._lock:
            return list(self._parameters.values() if node is None else self._nodes.get(node, {}).values())

    def addresses(self) -> list[str]:
        """All addresses that can be written or queried, including those of vector components."""
        with self._lock:
            return list(self._entries)

    def __contains__(self, address: str) -> bool:
        return address in self._entries

    def find(self, address: str) -> AddressEntry | None:
        """The entry of an address, for `set_at` and `write_at`; None for an unknown address."""
        return self._entries.get(address)

    def near(self, address: str) -> list[str]:
        """At most three similar addresses, for error messages."""
        if len(address) > 200:  # the comparison's cost grows with the square of the length
            return []
        return difflib.get_close_matches(address, self.addresses(), n=3, cutoff=0.6)

    def knob(self, address: str) -> Knob:
        """The declaration at an address; a vector's component has the vector's range. Raises AddressError."""
        return self._find(address).knob

    # -- writing ------------------------------------------------------------------------------------------------

    def set(self, address: str, value: Any, glide_s: float = 0.0) -> Stored:
        """Stores a value, clipped to its range, at once or by a glide of `glide_s` seconds.

        A glide of one component of a vector retimes the others: they reach their targets at the same time. The
        parameter's `act` is called during the whole glide (see `gliding`).
        Raises AddressError for an unknown or read-only address, KnobError for an invalid value.
        """
        return self.set_at(self._find(address), value, glide_s)

    def set_at(self, entry: AddressEntry, value: Any, glide_s: float = 0.0) -> Stored:
        """`set` for an entry returned by `find`."""
        parameter, index, address = entry.parameter, entry.index, entry.address
        with self._lock:
            now_s = self.clock.now()
            if parameter.removed:
                raise AddressError(f"{address} has been removed")
            if parameter.knob.access == "r":
                raise AddressError(f"{address} is read-only")
            try:
                target = parameter.coerce_part(index, value)
            except KnobError as error:
                raise KnobError(f"{address}: {error}") from None
            kept = target[index] if index is not None and isinstance(target, tuple) else target
            if self.recorder is not None:
                self.recorder.value_stored(now_s, address, parameter.knob, kept, glide_s)
            changed = self._move(parameter, target, now_s, glide_s, index)
            if parameter.knob.sets and changed:
                node = address[1:].partition("/")[0]
                values = {name: other.at(now_s) for name, other in self._nodes[node].items()}
                for name, follows in parameter.knob.sets({**values, **self._name(node, parameter, target)}).items():
                    other = self._nodes[node][name]
                    changed += self._move(other, other.knob.coerce(follows), now_s, glide_s)
            after: list[Callable[[], object]] = []
            if parameter.act and (parameter.knob.kind != "pulse" or target):
                parameter.due.append((target if parameter.end is None else parameter.at(now_s), current_writer()))
                after.append(partial(self._act, parameter))
            for moved in changed:
                published = True if moved.knob.kind == "pulse" else moved.at(now_s)
                after.append(partial(self._notify, moved.address, published))
            after = self._batch.hold(after)
        run_all(after)
        clipped = "" if kept == value else entry.knob.clip_message(value)
        return Stored(kept, f"{address}: {clipped}" if clipped else "")

    def trust(self, address: str, value: Any) -> None:
        """Permits a file or stream named by the patch or the command line. Raises AddressError."""
        self._find(address).parameter.trust(value)

    def write(self, address: str, arguments: Sequence[Any]) -> Stored:
        """`set` with a list of arguments: the value or its components, and optionally a glide in seconds."""
        return self.write_at(self._find(address), arguments)

    def write_at(self, entry: AddressEntry, arguments: Sequence[Any]) -> Stored:
        """`write` for an entry returned by `find`."""
        parameter, index, address = entry.parameter, entry.index, entry.address
        whole = parameter.knob.kind in ("vector", "event") and index is None
        wants = len(parameter.knob.components) if whole else 1
        given = list(arguments)
        if given and isinstance(given[0], list | tuple):
            given = [*given[0], *given[1:]]
        if parameter.knob.kind == "pulse":
            given = given[:1] or [True]
        if parameter.knob.arguments:
            return self.set_at(entry, tuple(given))
        if len(given) not in (wants, wants + 1):
            raise KnobError(
                f"{address}: expected {wants} value{'s' * (wants > 1)} and optionally a glide in seconds, "
                f"got {len(given)}"
            )
        glide_s = 0.0
        if len(given) > wants:
            try:
                glide_s = float(Knob("", 0.0, 86_400.0).coerce(given[wants]))  # type: ignore[arg-type]
            except KnobError as error:
                raise KnobError(f"{address}: the glide in seconds: {error}") from None
        return self.set_at(entry, tuple(given[:wants]) if whole else given[0], glide_s)

    def publish(self, address: str, *values: Any) -> None:
        """Stores a read-only value, or sends a signal; notifies all watchers."""
        with self._lock:
            parameter = self._parameters.get(address)
            if parameter is not None:
                parameter.value, parameter.end = values[0] if len(values) == 1 else values, None
                self._moving.pop(address, None)
            after = self._batch.hold([partial(self._notify, address, values)])
        run_all(after)

    def batch(self) -> WriteBatch:
        """Makes the writes inside `with tree.batch():` atomic: no snapshot contains only some of them.

        Acts and watchers are called after the last write, without the lock. If any of them raise, the first exception
        is raised after all have been called.
        """
        return self._batch

    # -- reading ------------------------------------------------------------------------------------------------

    def get(self, address: str) -> Value:
        """The current value. Raises AddressError."""
        with self._lock:
            entry = self._find(address)
            index, value = entry.index, entry.parameter.at(self.clock.now())
        return value[index] if index is not None and isinstance(value, tuple) else value

    def snapshot(self, node: str, names: Iterable[str] | None = None, now_s: float | None = None) -> dict[str, Value]:
        """The current values of all knobs of a node; a pulse is True in one snapshot per press."""
        with self._lock:
            now_s = self.clock.now() if now_s is None else now_s
            parameters = self._nodes.get(node, {})
            values: dict[str, Value] = {}
            for name in parameters if names is None else names:
                parameter = parameters[name]
                if parameter.knob.kind == "pulse":
                    values[name], parameter.presses = parameter.presses > 0, max(0, parameter.presses - 1)
                else:
                    values[name] = parameter.value if parameter.end is None else parameter.at(now_s)
            return values

    @property
    def glides(self) -> bool:
        """Whether any parameter glides, or has reached its target and `gliding` has not published that yet."""
        return bool(self._moving)

    def moving(self, address: str) -> bool:
        """Whether this parameter glides. Raises AddressError."""
        with self._lock:
            parameter = self._find(address).parameter
            return parameter.end is not None and self.clock.now() < parameter.end_s

    def gliding(self) -> list[str]:
        """Publishes the values of all glides, ends those at their targets, and returns the addresses of all."""
        now_s = self.clock.now()
        calls: list[Callable[[], object]] = []
        with self._lock:
            moving = list(self._moving.values())
            for parameter in moving:
                before, parameter.value = parameter.value, parameter.at(now_s)
                if parameter.act and parameter.value != before:
                    parameter.due.append((parameter.value, None))
                    calls.append(partial(self._act, parameter))
                calls.append(partial(self._notify, parameter.address, parameter.value))
                if now_s >= parameter.end_s:
                    parameter.end = None
                    del self._moving[parameter.address]
        run_all(calls)
        return [parameter.address for parameter in moving]

    # -- inside -------------------------------------------------------------------------------------------------

    def _find(self, address: str) -> AddressEntry:
        entry = self._entries.get(address)
        if entry is not None:
            return entry
        raise UnknownAddressError(address, lambda: self.near(address))

    def _move(
        self, parameter: Parameter, target: Value, now_s: float, glide_s: float, index: int | None = None
    ) -> list[Parameter]:
        if parameter.knob.kind == "event":  # passed to `act` and not stored
            return []
        if parameter.knob.kind == "pulse":
            parameter.presses = min(parameter.presses + bool(target), PRESSES_AT_MOST)
            return [parameter] if target else []
        if parameter.move(target, now_s, glide_s, index):
            self._moving[parameter.address] = parameter
        else:
            self._moving.pop(parameter.address, None)
        return [parameter]

    def _act(self, parameter: Parameter) -> None:
        """Calls a parameter's `act` with all values that are due, in the order in which they were stored.

        One thread at a time makes these calls, without a lock; a thread that stores a value meanwhile leaves its call
        to that thread. Therefore the last call has the last value, whichever threads write.
        """
        with self._lock:
            if parameter.acting or parameter.act is None:
                return
            parameter.acting = True
        failed: Exception | None = None
        while True:
            with self._lock:
                if not parameter.due:
                    parameter.acting = False
                    break
                value, writer = parameter.due.popleft()
            try:
                with on_behalf_of(writer):
                    parameter.act(value)
            except Exception as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _name(self, node: str, parameter: Parameter, value: Value) -> Mapping[str, Value]:
        return {parameter.address[len(node) + 2 :]: value}

    def _notify(self, address: str, values: Any) -> None:
        arguments = values if isinstance(values, tuple) else (values,)
        for watcher in tuple(self.watchers):
            watcher(address, arguments)
