"""Hand-set kernels on pictures whose results can be computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from models.base import Frame, Knob, Measure, knobs_of
from models.convolution import Kernels
from models.convolution.kernel_table import CELLS, IDENTITY, KERNELS, RANDOM


def frame(pixels: Any, number: int = 1) -> Frame:
    """A grey picture, the same in red, green and blue."""
    return Frame(np.repeat(np.array(pixels, np.uint8)[..., None], 3, axis=2), number)


def grey(events: Any) -> NDArray[np.uint8]:
    (made,) = [event for event in events if isinstance(event, Frame)]
    assert (made.pixels == made.pixels[..., :1]).all()
    return np.asarray(made.pixels[..., 0])


STEP = frame([[50, 50, 201, 201]] * 4)


def seen(given: Frame = STEP, **knobs: Any) -> NDArray[np.uint8]:
    kernels = Kernels.load()
    return grey(kernels.step(kernels.start(1), (given,), **knobs)[0])


def test_without_a_picture_there_is_nothing_to_see() -> None:
    kernels = Kernels.load()
    events, state = kernels.step(kernels.start(1), ())
    assert events == ()
    assert state.seen is None


def test_the_identity_hands_the_picture_on() -> None:
    assert seen().tolist() == STEP.pixels[..., 0].tolist()


def test_an_edge_is_found_where_it_is() -> None:
    assert seen(cells1=KERNELS["sobel_x"])[1].tolist() == [0, 255, 255, 0]
    assert seen(cells1=KERNELS["sobel_x"], gain=(-0.25, 1.0, 1.0, 1.0), view="absolute")[1].tolist() == [0, 151, 151, 0]
    assert not seen(cells1=KERNELS["sobel_y"], view="absolute").any()


def test_negative_values_can_be_seen() -> None:
    cells = KERNELS["laplacian"]
    assert seen(cells1=cells)[1].tolist() == [0, 151, 0, 0]
    assert seen(cells1=cells, view="offset")[1].tolist() == [128, 203, 52, 128]
    assert seen(cells1=cells, view="stretch")[1].tolist() == [128, 255, 0, 128]


def test_bias_and_activation_come_after_the_kernel() -> None:
    cells, bias = KERNELS["laplacian"], (0.2, 0.0, 0.0, 0.0)
    assert seen(cells1=cells, bias=bias)[1].tolist() == [51, 202, 0, 51]
    assert seen(cells1=cells, activation1="relu", view="offset")[1].tolist() == [128, 203, 128, 128]


def test_layers_lie_one_on_the_other() -> None:
    once = seen(cells1=KERNELS["box_blur"])
    assert once[1].tolist() == [50, 100, 151, 201]
    assert seen(layers=2, cells1=KERNELS["box_blur"], cells2=KERNELS["box_blur"])[1].tolist() == [84, 100, 151, 167]
    assert seen(layers=1, cells1=KERNELS["box_blur"], cells2=KERNELS["sobel_x"]).tolist() == once.tolist()


def test_what_is_pooled_is_shown_in_squares() -> None:
    picture = frame([[0, 40, 10, 10], [20, 20, 10, 10]])
    assert seen(picture, pool1="max").tolist() == [[40, 40, 10, 10]] * 2
    assert seen(picture, pool1="average").tolist() == [[20, 20, 10, 10]] * 2
    assert seen(picture, pool1="sum").tolist() == [[80, 80, 40, 40]] * 2


def test_the_size_of_the_map_is_published() -> None:
    kernels = Kernels.load()
    knobs: dict[str, Any] = {"layers": 2, "stride": (2.0, 2.0, 1.0, 1.0)}
    events, state = kernels.step(kernels.start(1), (STEP,), **knobs)
    assert events[1:] == [Measure("map_height", 1), Measure("map_width", 1)]
    assert len(kernels.step(state, (), **knobs)[0]) == 1  # published once
    assert {event.name for event in events if isinstance(event, Measure)} == kernels.measures.keys()


def test_the_camera_is_mixed_in_and_sets_the_size() -> None:
    assert seen(cells1=(0.0,) * 25, mix=0.5)[0].tolist() == [25, 25, 100, 100]
    assert seen(cells1=(0.0,) * 25, mix=0.0).tolist() == STEP.pixels[..., 0].tolist()
    assert seen(resolution=2).tolist() == STEP.pixels[..., 0].tolist()
    assert seen(resolution=1).tolist() == [[126] * 4] * 4


def test_colours_are_kept_apart_or_become_one() -> None:
    kernels = Kernels.load()
    red = Frame(np.full((3, 3, 3), (255, 0, 0), np.uint8), 5)
    (made, *_), _ = kernels.step(kernels.start(1), (red,))
    assert isinstance(made, Frame)
    assert (made.number, made.pixels[0, 0].tolist()) == (5, [255, 0, 0])
    assert seen(red, channels="luminance")[0].tolist() == [76] * 3


def test_a_held_picture_is_made_anew_with_other_knobs() -> None:
    kernels = Kernels.load()
    _, state = kernels.step(kernels.start(1), (frame([[1]], 1), frame([[9]], 2)))
    events, _ = kernels.step(state, (), gain=(2.0, 1.0, 1.0, 1.0))
    assert grey(events).tolist() == [[18]]


@pytest.fixture
def tree() -> Tree:
    made = Tree(VirtualClock())
    made.add("/eye/seed", Knob("Seed", 0, 99, kind="int", default=0))
    for name, knob in knobs_of(Kernels.step).items():
        made.add(f"/eye/{name}", knob)
    return made


def test_a_kernel_by_name_sets_its_cells_and_each_cell_is_an_address(tree: Tree) -> None:
    tree.set("/eye/kernel1", "emboss")
    assert tree.get("/eye/cells1") == KERNELS["emboss"]
    tree.set("/eye/cells1/r0c4", 7)
    assert tree.get("/eye/cells1/r1c1") == -2.0
    cells = tree.get("/eye/cells1")
    assert isinstance(cells, tuple)
    assert cells[CELLS.index("r0c4")] == 7.0
    tree.set("/eye/kernel1", "free")
    assert tree.get("/eye/cells1") == cells
    assert tree.get("/eye/cells2") == IDENTITY


def test_one_kernel_glides_to_another(tree: Tree) -> None:
    tree.set("/eye/kernel2", "box_blur", glide_s=2.0)
    tree.clock.advance(1.0)  # type: ignore[attr-defined]
    middle = tree.get("/eye/cells2/r2c2")
    assert middle == pytest.approx((1.0 + 1.0 / 9.0) / 2.0)


def test_a_random_kernel_depends_on_the_seed_and_sums_to_zero(tree: Tree) -> None:
    tree.set("/eye/kernel1", RANDOM)
    first = tree.get("/eye/cells1")
    tree.set("/eye/kernel2", RANDOM)
    assert tree.get("/eye/cells2") != first
    tree.set("/eye/kernel1", "identity")
    tree.set("/eye/kernel1", RANDOM)
    assert tree.get("/eye/cells1") == first
    assert isinstance(first, tuple)
    assert sum(first) == pytest.approx(0.0, abs=1e-5)
    tree.set("/eye/kernel1", "identity")
    tree.set("/eye/seed", 1)
    tree.set("/eye/kernel1", RANDOM)
    assert tree.get("/eye/cells1") != first


def test_textbook_kernels() -> None:
    assert all(len(cells) == 25 for cells in KERNELS.values())
    for name, cells in KERNELS.items():
        total = 0.0 if name[:4] in ("edge", "sobe", "lapl") else 1.0
        assert sum(cells) == pytest.approx(total), name
