"""Colours of a painting: five, from dark to light, legible as lines and bright as lights."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest
from numpy.typing import NDArray

from live.video.palette import BRIGHT, DARK, EASE_S, LEAST_COLOUR, Palette, colours_of, luminance, with_luminance

FLAG = ((20, 20, 80), (160, 20, 20), (30, 120, 40), (220, 140, 30), (240, 240, 180))


def striped(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A picture of equal stripes."""
    return np.repeat(np.array(colours, np.uint8)[:, None], 40, axis=1).repeat(8, axis=0)


def test_the_colours_are_those_of_the_colourful_half_from_dark_to_light() -> None:
    greys = tuple((level, level, level) for level in (10, 60, 110, 160, 210))
    found = np.array(colours_of(striped(*greys, *FLAG))) * 255.0
    np.testing.assert_allclose(found, sorted(FLAG, key=luminance), atol=2.0)
    assert colours_of(striped(*FLAG)) == colours_of(striped(*FLAG))


def test_a_plain_picture_has_colours_too() -> None:
    colours = colours_of(striped((40, 60, 200)))
    assert len(colours) == 5
    assert colours[0] == pytest.approx((40 / 255, 60 / 255, 200 / 255), abs=0.02)


def test_a_changed_picture_is_followed_slowly() -> None:
    palette = Palette()
    palette.see(striped((200, 0, 0)), 0.0)
    palette.see(striped((0, 0, 200)), EASE_S)
    red, _, blue = palette.colours[0]
    assert red / (200 / 255) == pytest.approx(np.exp(-1.0), abs=0.02)
    assert blue / (200 / 255) == pytest.approx(1.0 - np.exp(-1.0), abs=0.02)
    palette.see(None, 5.0)
    assert palette.colours == ()


def test_a_line_is_light_on_dark_and_dark_on_light() -> None:
    palette = Palette()
    palette.see(striped(*FLAG), 0.0)
    assert luminance(palette.line((0.2, 0.2, 0.3))) >= BRIGHT - 1e-6
    assert luminance(palette.line((0.9, 0.9, 0.8))) <= DARK + 1e-6


def test_a_line_has_the_hue_that_is_farthest_from_what_is_behind() -> None:
    palette = Palette()
    palette.see(striped(*FLAG), 0.0)
    over_blue, over_red = palette.line((0.1, 0.1, 0.5)), palette.line((0.5, 0.05, 0.05))
    assert over_blue[0] > over_blue[2] + 0.1
    assert over_red[1] > over_red[0]


def test_lights_are_bright_and_not_grey() -> None:
    palette = Palette()
    palette.see(striped(*FLAG), 0.0)
    for light in palette.lights():
        _, saturation, value = colorsys.rgb_to_hsv(*light)
        assert value == 1.0
        assert saturation >= LEAST_COLOUR - 1e-6


@pytest.mark.parametrize("wanted", [0.0, 0.3, 1.0])
def test_luminance_is_reached_from_both_sides(wanted: float) -> None:
    for colour in ((0.1, 0.2, 0.05), (0.9, 0.8, 0.95)):
        assert luminance(with_luminance(colour, wanted)) == pytest.approx(wanted, abs=1e-6)
