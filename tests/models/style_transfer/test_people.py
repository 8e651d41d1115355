"""People and background painted differently: what each side shows, and the edge between them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from tiny_painter import NAMES, network, photo

from models.base import Event, Frame, Mask, Trouble, knobs_of
from models.style_transfer import StyleTransfer
from models.style_transfer.kept_statistics import KeptStatistics
from models.style_transfer.model import StyleTransferState
from models.style_transfer.mps import MpsPainter
from models.style_transfer.network import Statistics
from models.style_transfer.painter import CpuPainter, Pixels
from models.style_transfer.people import matte
from models.style_transfer.weights import read
from models.vision.people import PeopleError, PeopleFinder

FIRST, SECOND = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
HARD = {"people_edge": 0.0}


def painter() -> StyleTransfer:
    return StyleTransfer(network().state_dict(), NAMES, device="cpu")


def halves(number: int = 1, side: int = 32) -> Mask:
    """People in the left half."""
    shares = np.zeros((side, side), np.uint8)
    shares[:, : side // 2] = 255
    return Mask(shares, number)


def shown(
    model: StyleTransfer, *heard: Event, state: StyleTransferState | None = None, **knobs: Any
) -> tuple[Pixels, StyleTransferState]:
    events, state = model.step(model.start(1) if state is None else state, heard, **knobs)
    (made,) = events
    assert isinstance(made, Frame)
    return made.pixels, state


def parts(made: Pixels) -> tuple[Pixels, Pixels]:
    """Well inside the left and the right half."""
    third = made.shape[1] // 3
    return made[:, :third], made[:, -third:]


@pytest.fixture
def seen() -> Frame:
    """A dark left half and a light right half, so that the mask's edge is one of the picture, too."""
    pixels = photo(1).astype(int) // 4
    pixels[:, pixels.shape[1] // 2 :] += 180
    return Frame(pixels.astype(np.uint8), 1)


def test_the_camera_is_kept_behind_painted_people_and_the_other_way_round(seen: Frame) -> None:
    model = painter()
    painted, _ = shown(model, seen, paint=SECOND)
    for knobs, people in (({"background": "camera"}, painted), ({"people": "camera"}, seen.pixels)):
        made, _ = shown(model, halves(), seen, paint=SECOND, **knobs, **HARD)
        left, right = parts(made)
        background = seen.pixels if people is painted else painted
        assert np.array_equal(left, parts(people)[0])
        assert np.array_equal(right, parts(background)[1])


def test_black_and_white_show_the_mask(seen: Frame) -> None:
    made, _ = shown(painter(), halves(), seen, people="white", background="black", **HARD)
    left, right = parts(made)
    assert (left.min(), right.max()) == (255, 0)
    soft, _ = shown(painter(), halves(), seen, people="white", background="black", people_edge=0.25)
    assert len(np.unique(soft[10])) > len(np.unique(made[10]))


def test_one_thing_on_both_sides_needs_no_mask(seen: Frame) -> None:
    model = painter()
    both, _ = shown(model, seen, people="spots", background="spots", paint=FIRST)
    assert np.array_equal(both, shown(model, seen, paint=SECOND)[0])
    camera, _ = shown(model, seen, people="camera", background="camera", brightness=0.5)
    assert np.array_equal(camera, seen.pixels)
    black, _ = shown(model, seen, people="black", background="black", strength=0.5)
    assert black.max() == 0
    assert model.analysis_rate({"people": "camera", "background": "camera", "people_rate": 8.0}) == 0.0
    assert model.analysis_rate({"people": "camera", "background": "same", "people_rate": 8.0}) == 8.0


def test_until_there_is_a_mask_both_sides_are_as_the_faders_say(seen: Frame) -> None:
    model = painter()
    made, _ = shown(model, seen, people="camera", background="black", paint=SECOND)
    assert np.array_equal(made, shown(model, seen, paint=SECOND)[0])


def test_a_mask_is_used_until_the_next_one(seen: Frame) -> None:
    model = painter()
    first, state = shown(model, halves(), seen, people="camera", **HARD)
    again, state = shown(model, seen, state=state, people="camera", **HARD)
    assert np.array_equal(first, again)
    nobody = Mask(np.zeros((32, 32), np.uint8), 2)
    alone, state = shown(model, nobody, seen, state=state, people="camera", **HARD)
    assert np.array_equal(alone, shown(model, seen)[0])
    _, state = shown(model, seen, state=state)
    assert state.people is None  # an old mask must not return with the knob


def test_faders_at_zero_are_the_camera_on_either_side(seen: Frame) -> None:
    model = painter()
    made, _ = shown(model, halves(), seen, paint=(0.0,) * 3, people="spots", **HARD)
    assert np.array_equal(parts(made)[1], parts(seen.pixels)[1])
    assert not np.array_equal(parts(made)[0], parts(seen.pixels)[0])


@pytest.mark.parametrize("on_cpu", [True, False])
def test_two_paintings_meet_at_the_mask(seen: Frame, on_cpu: bool) -> None:
    model = StyleTransfer.load("paintings", "cpu")
    if not on_cpu:
        model.brush = MpsPainter(read("paintings")[0], device="cpu")
    woodcut, night = "vallotton", "starry_night"  # black and white, and coloured
    big = Frame(cv2.resize(seen.pixels, (240, 160)), 1)
    both, state = shown(model, halves(), big, people=woodcut, background=night, **HARD)
    assert (state.kept is not None) == on_cpu
    people, background = (np.ptp(part.astype(int), axis=2).mean() for part in parts(both))
    other, _ = shown(model, halves(), big, people=night, background=woodcut, **HARD)
    coloured, grey = (np.ptp(part.astype(int), axis=2).mean() for part in parts(other))
    assert people < 0.5 * coloured
    assert grey < 0.5 * background


@pytest.mark.parametrize("half", [False, True])
def test_a_mask_of_one_side_alone_paints_as_without(half: bool) -> None:
    processor, pixels = CpuPainter(network().state_dict(), half=half), photo(2, 33, 47)
    for level, expected in ((0, FIRST), (255, SECOND)):
        mask = np.full(pixels.shape[:2], level, np.uint8)
        made, _ = processor.paint_two(pixels, (FIRST, SECOND), mask, 1, None)
        apart = np.abs(made.astype(int) - processor.paint(pixels, expected))
        assert apart.mean() < (1.5 if half else 0.1)
        assert apart.max() <= (32 if half else 1)


def test_two_paintings_take_a_pass_more_only_when_their_statistics_are_renewed() -> None:
    passes: list[tuple[int, tuple[float, ...]]] = []
    pixels, kept, number = photo(1), None, 0

    def measured(_: Pixels, blend: tuple[float, ...]) -> Statistics:
        passes.append((number, blend))
        return []

    for number in range(100):
        kept = KeptStatistics.of(kept, pixels, (FIRST, SECOND), number, measured)
    turns = [(12, FIRST), (24, SECOND), (36, FIRST), (48, SECOND), (60, FIRST), (72, SECOND), (84, FIRST), (96, SECOND)]
    assert passes == [(0, FIRST), (0, SECOND), *turns]
    passes.clear()
    KeptStatistics.of(kept, pixels, (FIRST, SECOND), number, measured)
    assert passes == []
    KeptStatistics.of(kept, pixels, (FIRST, (0.0, 0.95, 0.05)), number, measured)
    assert passes == []  # a blend that glides keeps its statistics for a while
    KeptStatistics.of(kept, pixels, (FIRST, (0.0, 0.0, 1.0)), number, measured)
    assert passes == [(number, (0.0, 0.0, 1.0))]
    passes.clear()
    KeptStatistics.of(kept, pixels // 2, (FIRST, SECOND), number, measured)
    KeptStatistics.of(kept, pixels[1:], (FIRST, SECOND), number, measured)
    assert passes == [(number, FIRST), (number, SECOND)] * 2


def test_the_edge_of_a_coarse_mask_is_moved_to_that_of_the_picture() -> None:
    pixels = np.full((240, 320, 3), 40, np.uint8)
    pixels[:, 170:] = 210  # the mask, 16 pixels wide for each of its cells, ends at 160
    made = matte(halves(side=20).shares, pixels, 0.0)
    crossing = int(np.argmax(made[120] < 128))
    assert abs(crossing - 170) <= 3
    plain = int(np.argmax(matte(halves(side=20).shares, np.full_like(pixels, 90), 0.0)[120] < 128))
    assert abs(plain - 160) <= 3


def test_a_frozen_picture_has_its_own_mask(seen: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    model = painter()
    found = []
    monkeypatch.setattr(model, "analyse", lambda frame: found.append(frame.number) or halves())
    _, state = shown(model, seen)
    held, state = shown(model, Mask(np.zeros((32, 32), np.uint8), 9), state=state, freeze=True, people="camera", **HARD)
    assert found == [1]
    assert np.array_equal(parts(held)[0], parts(seen.pixels)[0])
    _, state = shown(model, state=state, freeze=True, people="camera", strength=0.5, **HARD)
    assert found == [1]


def test_without_the_extra_one_sentence_says_what_to_install(seen: Frame, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.vision.people.find_spec", lambda name: None)
    with pytest.raises(PeopleError, match="uv run --extra people arabesque"):
        PeopleFinder().find(seen.pixels)
    told = painter().analyse(seen)
    assert isinstance(told, Trouble)
    assert told.sentence.count("uv run --extra people arabesque") == 1


def test_the_choices_are_the_paintings_and_four_words() -> None:
    declared = painter().declare(knobs_of(StyleTransfer.step))
    assert declared["people"].choices == ("same", "camera", "black", "white", *NAMES)
    assert declared["background"].choices == declared["people"].choices
    assert declared["people"].default == "same"
