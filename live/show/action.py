"""Runs one action of a cue: writes its values to one address, or to all that its pattern matches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from live.osc.pattern import Pattern, is_pattern
from live.parameters.tree import AddressError, Tree
from live.show.cue import Action


def run(tree: Tree, action: Action, fade_s: float, fail: Callable[[str], None]) -> float:
    """Writes the values; `fade_s` is the glide if the action states none. Returns the longest glide in seconds.

    A value that is refused is reported to `fail`; the others are written.
    """
    longest_s = 0.0
    for address in _reported(lambda: targets(tree, action), fail) or ():
        glide_s = _reported(lambda address=address: _write(tree, address, action, fade_s), fail)  # type: ignore[misc]
        longest_s = max(longest_s, glide_s or 0.0)
    return longest_s


def targets(tree: Tree, action: Action) -> Iterable[str]:
    """The addresses that an action writes to. Raises AddressError if there are none, PatternError for a bad pattern."""
    if not is_pattern(action.address):
        tree.knob(action.address)
        return [action.address]
    # A pattern that matches everything must not run cues or stop the engine.
    addresses = [parameter.address for parameter in tree.parameters()]
    free = [address for address in addresses if not address.startswith(("/cue/", "/engine/"))]
    found = [address for address in Pattern(action.address).among(free) if "w" in tree.knob(address).access]
    if not found:
        raise AddressError(f"no writable address matches {action.address}")
    return found


def _write(tree: Tree, address: str, action: Action, fade_s: float) -> float:
    knob = tree.knob(address)
    given: list[Any] = list(action.arguments)
    match knob.kind:
        case "float" | "int":
            seconds_at = 1
        case "vector":
            seconds_at = len(knob.components)
        case "event" if "seconds" in knob.components:
            seconds_at = knob.components.index("seconds")
        case _:
            tree.write(address, given)
            return 0.0
    if fade_s and len(given) == seconds_at:
        given.append(fade_s)
    tree.write(address, given)
    return float(given[seconds_at]) if len(given) > seconds_at else 0.0


def _reported(work: Callable[[], Any], fail: Callable[[str], None]) -> Any:
    try:
        return work()
    except Exception as error:
        fail(str(error))
        return None
