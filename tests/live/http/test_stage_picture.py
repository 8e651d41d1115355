"""The stage's pictures for the page are made only on request."""

from __future__ import annotations

import asyncio
import io

import pygame
import pytest

from live.http.stage_picture import REST_S, WIDTH, StagePicture, withheld
from live.parameters.tree import Tree
from live.transport.clock import VirtualClock
from live.video import Window
from live.video.stage import Stage


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def stage(clock: VirtualClock) -> Stage:
    stage = Stage(Tree(clock), clock, fail=pytest.fail)
    stage.set_window(Window(960, 540))
    return stage


def size(jpeg: bytes) -> tuple[int, int]:
    return pygame.image.load(io.BytesIO(jpeg), "x.jpg").get_size()


def test_a_small_picture_is_made_on_request(clock: VirtualClock, stage: Stage) -> None:
    picture = StagePicture(stage, clock, "machine")
    assert picture.jpeg() is None  # none yet: now one is wanted
    stage.show(clock.now())
    made = picture.jpeg()
    assert made is not None
    assert size(made) == (WIDTH, 270)
    assert picture.jpeg() is made


def test_without_a_request_none_is_made(clock: VirtualClock, stage: Stage) -> None:
    picture = StagePicture(stage, clock, "machine")
    picture.jpeg()
    clock.advance(REST_S)
    picture.rest(clock.now())
    assert stage.taps.next_s() < float("inf")
    clock.advance(REST_S + 0.1)
    picture.rest(clock.now())
    assert stage.taps.next_s() == float("inf")
    assert picture.jpeg() is None


def test_the_stream_gives_each_picture_and_ends_its_tap(clock: VirtualClock, stage: Stage) -> None:
    async def look() -> None:
        pictures = StagePicture(stage, clock, "machine").stream()
        first = asyncio.ensure_future(anext(pictures))
        await asyncio.sleep(0)
        stage.show(clock.now())
        assert size(await first) == (960, 540)
        await pictures.aclose()
        assert stage.taps.next_s() == float("inf")

    asyncio.run(look())


def test_a_picture_without_the_camera_says_why_and_which_option_allows_it(stage: Stage) -> None:
    assert withheld(stage, "network") == ""  # no layer shows a camera
    stage.add_picture("veil", Window(960, 540).layer(0), {})
    network = "The camera's picture is not sent to other machines. Started with --set /engine/privacy=off, "
    window = "The camera's picture is shown in the window only. Started with --set /engine/privacy=local, "
    assert withheld(stage, "machine") == ""
    assert withheld(stage, "network").startswith(network)
    stage.tree.set("/engine/privacy", "strict")
    assert withheld(stage, "machine").startswith(window)
    assert withheld(stage, "network").startswith(network)
    stage.tree.set("/engine/privacy", "off")
    assert (withheld(stage, "machine"), withheld(stage, "network")) == ("", "")
