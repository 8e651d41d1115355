"""Cues: the list that a show is run by, one "go" after the other, from a TOML file beside the patch."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from live.osc.pattern import PatternError
from live.parameters.tree import AddressError, Tree
from live.patch import Patch
from live.show.action import do, meant
from live.show.beat_wait import BeatWait
from live.show.cue import Action, Cue, read_action, read_cue
from live.show.script_runner import Script, ScriptRunner
from live.show.toml_file import TomlFile
from live.system.disk import DiskThread
from live.transport.clock import Clock
from models.base import Knob, KnobError, Value, event, pulse

LOOK_EVERY_S: Final = 1.0
STARTS_AT_MOST: Final = 1000
"""Within a second: more is a circle of cues that never waits."""


class CueList:
    """The service that runs cues, on the control thread. `stop_also` is called when everything has to stand still."""

    def __init__(
        self,
        tree: Tree,
        clock: Clock,
        wake: Callable[[], None],
        fail: Callable[[str], None],
        path: Path | None,
        stop_also: Callable[[], None] = lambda: None,
        disk: DiskThread | None = None,
    ) -> None:
        self.tree = tree
        self.clock = clock
        self.cues: dict[str, Cue] = {}
        self._wake = wake
        self._fail = fail
        self._stop_also = stop_also
        self._tables = TomlFile(path, disk, fail)
        self._asked: deque[Callable[[], None]] = deque()
        self._runs = ScriptRunner(clock, fail)
        self._starts: deque[float] = deque(maxlen=STARTS_AT_MOST)
        self._current = self._next = ""
        self._look_s = 0.0
        self._told: dict[str, str] = {}

    # -- the part -----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the file."""
        add = self.tree.add
        cue, text = Knob("a name, or a place in the list", kind="text"), Knob("what it says", kind="text")
        add("/cue/go", pulse("Begin the next cue"), lambda _: self._ask(self._go))
        add("/cue/back", pulse("Begin the cue before the current one again"), lambda _: self._ask(self._back))
        add("/cue/goto", event("Begin this cue; others that wait are dropped", cue=cue), self._goto)
        add("/cue/stop", pulse("Drop what waits; every glide stands still"), lambda _: self._ask(self._stop))
        add("/cue/add", event("Write an action at the end of a cue, or of a new one", cue=cue, action=text), self._add)
        add("/cue/set", event("Write wait, fade, follow or hold", cue=cue, key=text, value=text), self._set)
        add("/cue/delete", event("Take a cue off the list", cue=cue), self._delete)
        for name, meaning in (
            ("list", "The names, one a line"),
            ("current", "Which began last"),
            ("next", "Which begins with the next go"),
            ("state", "idle, or running while something of a cue is still to come"),
        ):
            add(f"/cue/{name}", Knob(meaning, kind="text", default="idle" if name == "state" else "", access="r"))
        self.tree.add_signal("/cue/began", "s", "A cue begins: its name")
        self._read()

    def follow(self, patch: Patch) -> None:
        """Cues belong to the file's name, not to what is in the patch."""

    def advance(self, now_s: float) -> float:
        """Does what was asked for and what is due, in the order of its time; follows the file."""
        while self._asked:
            self._try(self._asked.popleft())
        self._runs.advance(now_s)
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self._read()
        self._say("state", "running" if self._runs else "idle")
        return min(self._look_s, self._runs.next_s())

    def close(self) -> None:
        """Nothing to give back."""

    # -- what is asked for, on any thread -----------------------------------------------------------------------

    def _ask(self, work: Callable[[], None]) -> None:
        self._asked.append(work)
        self._wake()

    def _goto(self, given: Any) -> None:
        name = self._find(given[0])
        self._ask(lambda: self._jump(name))

    def _add(self, given: Any) -> None:
        name, text = given
        try:
            action = read_action(text)
        except ValueError as error:
            raise KnobError(f"/cue/add: {error}") from None
        if isinstance(action, Action):
            meant(self.tree, action)
        self._ask(lambda: self._edit(name, lambda table: {**table, "actions": [*table.get("actions", []), text]}))

    def _set(self, given: Any) -> None:
        name, key, text = self._find(given[0]), given[1], given[2]
        try:
            value: Value = float(text)
        except ValueError:
            value = text
        _, wrong = read_cue(name, {key: value})
        if wrong:
            raise KnobError(f"/cue/set: {wrong[0][1]}")
        self._ask(lambda: self._edit(name, lambda table: {**table, key: value}))

    def _delete(self, given: Any) -> None:
        name = self._find(given[0])
        self._ask(lambda: self._edit(name, None))

    def _find(self, name: str) -> str:
        names = list(self.cues)
        if name in names:
            return name
        if name.isdigit() and 1 <= int(name) <= len(names):
            return names[int(name) - 1]
        near = difflib.get_close_matches(name, names, n=3)
        raise KnobError(f"no cue {name!r}" + (f"; near it: {', '.join(near)}" if near else ""))

    # -- running ------------------------------------------------------------------------------------------------

    def _go(self) -> None:
        if not self._next:
            raise KnobError("the list is at its end" if self.cues else "there are no cues")
        self._begin(self._next)

    def _back(self) -> None:
        names = list(self.cues)
        place = names.index(self._current) if self._current in names else 0
        if place == 0:
            raise KnobError("there is no cue before this one")
        self._jump(names[place - 1])

    def _jump(self, name: str) -> None:
        self._runs.clear()
        self._begin(name)

    def _stop(self) -> None:
        self._runs.clear()
        self._stop_also()
        now_s = self.clock.now()
        with self.tree.batch():
            for leaf in self.tree.leaves():
                if leaf.end is not None:
                    self.tree.set(leaf.address, leaf.at(now_s))

    def _begin(self, name: str, at_s: float | None = None) -> None:
        """Begins a cue, now or at a time that has just been: then what follows is reckoned from that, without drift."""
        now_s = self.clock.now()
        if len(self._starts) == STARTS_AT_MOST and now_s - self._starts[0] < 1.0:
            self._runs.clear()
            self._starts.clear()
            raise KnobError(f"{name} is in a circle of cues that never waits: stopped")
        self._starts.append(now_s)
        self._current, self._next = name, self._after(name)
        self._show()
        self.tree.publish("/cue/began", name)
        self._runs.start(self._script(self.cues[name], now_s if at_s is None else at_s))

    def _after(self, name: str) -> str:
        names = list(self.cues)
        return next(iter(names[names.index(name) + 1 :]), "") if name in names else ""

    def _script(self, cue: Cue, at_s: float) -> Script:
        ends_s, on_line = at_s, False
        for number, step in enumerate((cue.wait, *cue.actions)):
            if isinstance(step, Action):
                ends_s = max(ends_s, at_s + do(self.tree, step, cue.fade, self._teller(cue, step)))
            elif step.grid != "none":
                at_s = yield BeatWait.next(self.clock, step.grid, later=on_line)
                on_line = True
            elif step.seconds:
                at_s = yield at_s + step.seconds
                on_line = False
            if number == 0 and cue.follow == "with":
                self._runs.start(self._begin_after(cue, at_s + cue.hold))
        if cue.follow == "after":
            yield from self._begin_after(cue, max(ends_s, at_s) + cue.hold)
        elif ends_s > at_s:  # still running, for those who watch
            yield ends_s

    def _begin_after(self, cue: Cue, at_s: float) -> Script:
        at_s = yield at_s
        name = self._after(cue.name)
        if name:
            self._begin(name, at_s)

    # -- the list and its file ----------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._tables.read():
            for sentence in self._tables.complaints:
                self._fail(sentence)
            self._take()

    def _take(self) -> None:
        """Makes the cues of the tables."""
        cues: dict[str, Cue] = {}
        for name, table in self._tables.tables.items():
            cues[name], wrong = read_cue(name, table)
            for action in cues[name].actions:
                if isinstance(action, Action):
                    try:
                        meant(self.tree, action)
                    except (AddressError, PatternError) as error:
                        wrong.append((action.text, str(error)))
            for text, sentence in wrong:
                self._fail(f"{self._where(name, text)}: {sentence}")
        self.cues = cues
        if self._next not in cues:
            self._next = self._after(self._current) if self._current in cues else next(iter(cues), "")
        self._show()

    def _edit(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]] | None) -> None:
        """Writes a cue down as changed, or takes it off with None."""
        if change is not None:
            self._tables.put(name, change(self._tables.tables.get(name, {})))
        else:
            self._tables.delete(name)
        self._take()

    def _teller(self, cue: Cue, action: Action) -> Callable[[str], None]:
        return lambda sentence: self._fail(f"{self._where(cue.name, action.text)}: {sentence}")

    def _where(self, name: str, text: str) -> str:
        line = self._tables.line(name, text)
        return f"{self._tables.path}, line {line}: cue {name}" if line else f"cue {name}"

    def _show(self) -> None:
        for name, text in (("list", "\n".join(self.cues)), ("current", self._current), ("next", self._next)):
            self._say(name, text)

    def _say(self, name: str, text: str) -> None:
        if self._told.get(name) != text:
            self._told[name] = text
            self.tree.publish(f"/cue/{name}", text)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._fail(f"cue: {error}")
