"""The cue list of a show: each "go" starts the next cue; the list is a TOML file in the patch's folder."""

from __future__ import annotations

import difflib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from live.osc.pattern import PatternError
from live.parameters.service_context import ServiceContext
from live.parameters.tree import AddressError
from live.parameters.writer import current_writer
from live.patch import Patch
from live.show.action import run, targets
from live.show.beat_wait import BeatWait
from live.show.cue import REFUSED, Action, Cue, read_action, read_cue
from live.show.script_runner import Script, ScriptRunner
from live.show.toml_file import TomlFile
from models.base import Knob, KnobError, Value, event, pulse

LOOK_EVERY_S: Final = 1.0
STARTS_AT_MOST: Final = 100
"""Most starts of cues per second; more means a cycle of cues without a wait."""
REQUESTS_AT_ONCE: Final = 20
"""Most requests in one call of `advance`, so that the other services of the control thread are not delayed."""


class CueList:
    """The service that runs cues, on the control thread. `stop_also` is called by /cue/stop."""

    def __init__(
        self, context: ServiceContext, path: Path | None, stop_also: Callable[[], None] = lambda: None
    ) -> None:
        self.tree, self.clock = context.tree, context.clock
        self.cues: dict[str, Cue] = {}
        self._wake, self._fail = context.wake, context.fail
        self._stop_also = stop_also
        self._file = TomlFile(path, context.disk, context.fail)
        self._requests: deque[Callable[[], None]] = deque()
        self._runs = ScriptRunner(context.clock, context.fail)
        self._started_s: deque[float] = deque(maxlen=STARTS_AT_MOST)
        self._current = self._next = ""
        self._adding: set[str] = set()
        """Cues that a waiting request adds."""
        self._look_s = 0.0
        self._circle_s = float("-inf")
        """Time at which a cycle of cues was stopped: jumps requested before are dropped."""
        self._published: dict[str, str] = {}

    # -- service ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Declares the addresses and reads the file."""
        add = self.tree.add
        cue, text = Knob("a name, or a position in the list", kind="text"), Knob("a text", kind="text")
        add("/cue/go", pulse("Starts the next cue"), lambda _: self._press(self._go, self._following))
        add(
            "/cue/back",
            pulse("Starts the cue before the current one"),
            lambda _: self._press(self._back, self._preceding),
        )
        add("/cue/goto", event("Starts this cue and drops waiting ones", cue=cue), self._goto)
        add(
            "/cue/stop",
            pulse("Drops waiting cues and stops every glide at its current value"),
            lambda _: self._request(self._stop),
        )
        add("/cue/add", event("Appends an action to a cue, or to a new one", cue=cue, action=text), self._add)
        add("/cue/set", event("Sets wait, fade, follow or hold of a cue", cue=cue, key=text, value=text), self._set)
        add("/cue/delete", event("Deletes a cue", cue=cue), self._delete)
        for name, meaning in (
            ("list", "The names, one per line"),
            ("current", "The cue that started last"),
            ("next", "The cue that the next go starts"),
            ("state", "running while a cue has actions or fades left, otherwise idle"),
        ):
            add(f"/cue/{name}", Knob(meaning, kind="text", default="idle" if name == "state" else "", access="r"))
        self.tree.add_signal("/cue/began", "s", "Name of a cue that starts")
        self._read()

    def follow(self, patch: Patch) -> None:
        """Does nothing: the cues belong to the patch file's name, which a reload does not change."""

    def advance(self, now_s: float) -> float:
        """Runs requests and due actions, in the order of time; reads the file when it has changed."""
        for _ in range(min(len(self._requests), REQUESTS_AT_ONCE)):
            self._try(self._requests.popleft())
        self._runs.advance(now_s)
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_EVERY_S
            self._read()
        self._publish("state", "running" if self._runs else "idle")
        return now_s if self._requests else min(self._look_s, self._runs.next_s())

    def close(self) -> None:
        """Does nothing: no resource is open."""

    @property
    def current(self) -> str:
        """The cue that started last."""
        return self._current

    def place(self, name: str) -> None:
        """Makes a cue the current one without running it; a name that is not on the list changes nothing."""
        if name in self.cues:
            self._current, self._next = name, self._after(name)
            self._show()

    # -- requests, on any thread ------------------------------------------------------------------------------

    def _request(self, work: Callable[[], None]) -> None:
        self._requests.append(work)
        self._wake()

    def _goto(self, given: Any) -> None:
        name = self._find(given[0])
        asked_s = self.clock.now()
        self._request(lambda: self._jump(name) if asked_s > self._circle_s else None)

    def _add(self, given: Any) -> None:
        name, text = given
        try:
            action = read_action(text)
        except ValueError as error:
            raise KnobError(f"/cue/add: {error}") from None
        if isinstance(action, Action):
            targets(self.tree, action)
        self._adding.add(name)
        self._request(lambda: self._edit(name, lambda table: {**table, "actions": [*table.get("actions", []), text]}))

    def _set(self, given: Any) -> None:
        name, key, text = self._find(given[0]), given[1], given[2]
        try:
            value: Value = float(text)
        except ValueError:
            value = text
        _, wrong = read_cue(name, {key: value})
        if wrong:
            raise KnobError(f"/cue/set: {wrong[0][1]}")
        self._request(lambda: self._edit(name, lambda table: {**table, key: value}))

    def _delete(self, given: Any) -> None:
        name = self._find(given[0])
        self._request(lambda: self._edit(name, None))

    def _find(self, name: str) -> str:
        names = list(self.cues)
        if name in names or name in self._adding:
            return name
        if name.isdigit() and 1 <= int(name) <= len(names):
            return names[int(name) - 1]
        near = difflib.get_close_matches(name, names, n=3)
        raise KnobError(f"no cue {name!r}" + (f"; similar: {', '.join(near)}" if near else ""))

    # -- running ------------------------------------------------------------------------------------------------

    def _press(self, work: Callable[[], None], cue: Callable[[], str]) -> None:
        """Requests a start. If there is no cue to start, an OSC sender gets the KnobError of `cue` at once."""
        if current_writer() is not None and not self._requests:  # earlier requests may change the current cue
            cue()
        self._request(work)

    def _go(self) -> None:
        self._begin(self._following())

    def _back(self) -> None:
        self._jump(self._preceding())

    def _following(self) -> str:
        if not self._next:
            raise KnobError("the cue list is at its end" if self.cues else "there are no cues")
        return self._next

    def _preceding(self) -> str:
        names = list(self.cues)
        place = names.index(self._current) if self._current in names else 0
        if place == 0:
            raise KnobError("there is no cue before this one")
        return names[place - 1]

    def _jump(self, name: str) -> None:
        self._runs.clear()
        self._begin(name)

    def _stop(self) -> None:
        self._runs.clear()
        self._stop_also()
        now_s = self.clock.now()
        with self.tree.batch():
            for parameter in self.tree.parameters():
                if parameter.end is not None and parameter.address not in REFUSED:  # no cue began it
                    self.tree.set(parameter.address, parameter.at(now_s))

    def _begin(self, name: str, at_s: float | None = None) -> None:
        """Starts a cue now, or at a time just past, from which its waits count, so that they do not drift."""
        now_s = self.clock.now()
        if len(self._started_s) == STARTS_AT_MOST and now_s - self._started_s[0] < 1.0:
            self._runs.clear()
            self._started_s.clear()
            self._circle_s = now_s
            raise KnobError(f"{name} is in a cycle of cues without a wait: stopped")
        self._started_s.append(now_s)
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
                ends_s = max(ends_s, at_s + run(self.tree, step, cue.fade, self._reporter(cue, step)))
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
        elif ends_s > at_s:  # /cue/state is "running" until the last fade has ended
            yield ends_s

    def _begin_after(self, cue: Cue, at_s: float) -> Script:
        at_s = yield at_s
        name = self._after(cue.name)
        if name:
            self._begin(name, at_s)

    # -- the list and its file ----------------------------------------------------------------------------------

    def _read(self) -> None:
        if self._file.read_and_report():
            self._build()

    def _build(self) -> None:
        """Builds the cues from the tables of the file."""
        cues: dict[str, Cue] = {}
        for name, table in self._file.tables.items():
            cues[name], wrong = read_cue(name, table)
            for action in cues[name].actions:
                if isinstance(action, Action):
                    try:
                        targets(self.tree, action)
                    except (AddressError, PatternError) as error:
                        wrong.append((action.text, str(error)))
            for text, sentence in wrong:
                self._fail(f"{self._where(name, text)}: {sentence}")
        self.cues = cues
        if self._next not in cues:
            self._next = self._after(self._current) if self._current in cues else next(iter(cues), "")
        self._show()

    def _edit(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]] | None) -> None:
        """Stores a changed cue, or deletes it if `change` is None."""
        if change is not None:
            self._file.put(name, change(self._file.tables.get(name, {})))
        else:
            self._file.delete(name)
        self._adding.discard(name)
        self._build()

    def _reporter(self, cue: Cue, action: Action) -> Callable[[str], None]:
        return lambda sentence: self._fail(f"{self._where(cue.name, action.text)}: {sentence}")

    def _where(self, name: str, text: str) -> str:
        line = self._file.line(name, text)
        return f"{self._file.path}, line {line}: cue {name}" if line else f"cue {name}"

    def _show(self) -> None:
        for name, text in (("list", "\n".join(self.cues)), ("current", self._current), ("next", self._next)):
            self._publish(name, text)

    def _publish(self, name: str, text: str) -> None:
        if self._published.get(name) != text:
            self._published[name] = text
            self.tree.publish(f"/cue/{name}", text)

    def _try(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self._fail(f"cue: {error}")
