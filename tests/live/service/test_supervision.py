"""The fallback when the patch or its weights are broken, and after repeated crashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from live.patch import PatchError
from live.service.installation import Installation, Start
from live.service.notify import Notifier
from live.service.supervision import Supervision
from live.transport.clock import VirtualClock

PATCH = '''from live import Camera, Node, Patch, Window
from models.base import Frame
from pathlib import Path

class Painter:
    sees = True
    kind = "painter"

    def __init__(self, file):
        self.file = file

    @classmethod
    def load(cls, weights, device="auto"):
        if Path(weights).read_text() != "whole":
            raise ValueError(f"{Path(weights).name}: expected whole weights")
        return cls(Path(weights))

    def start(self, seed):
        return seed

    def step(self, state, heard, /):
        return (), state

stage = Window(96, 64)
patch = Patch(veil=Node(Painter, weights="veil.safetensors", source=Camera(0, rate=5), out=stage.layer(1)))
'''


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "veil.safetensors").write_text("whole")
    file = tmp_path / "piece.py"
    file.write_text(PATCH)
    return file


@pytest.fixture
def supervision(tmp_path: Path) -> Any:
    def make(start: Start = Start()) -> Supervision:  # noqa: B008
        installation = Installation("show", VirtualClock(), tmp_path / "state")
        return Supervision("show", Notifier({}), installation, start)

    return make


def keep(made: Supervision, path: Path) -> None:
    """Plays well for a while."""
    patch = made.load_patch(path)
    made.keep(patch, {"veil": made.load_model("veil", patch.nodes["veil"], path)})


def test_a_broken_patch_is_replaced_by_the_last_good_one(supervision: Any, path: Path) -> None:
    with pytest.raises(PatchError):
        supervision().load_patch(broken := path.with_name("other.py"))
    keep(supervision(), path)
    path.write_text("patch = (")
    made = supervision()
    patch = made.load_patch(path)
    assert patch.text == PATCH
    assert patch.nodes["veil"].camera.source == 0
    assert list(made.troubles.values()) == [f"the last good patch plays, since {path}, line 1: '(' was never closed"]
    assert not broken.exists()
    made.patch_loaded()  # the file was repaired, and the engine follows it
    assert made.troubles == {}


def test_broken_weights_are_replaced_by_the_kept_copy(supervision: Any, path: Path) -> None:
    keep(supervision(), path)
    (path.parent / "veil.safetensors").write_text("who")
    made = supervision()
    patch = made.load_patch(path)
    model: Any = made.load_model("veil", patch.nodes["veil"], path)
    assert model.file.read_text() == "whole"
    why = "veil: veil.safetensors: expected whole weights"
    assert made.troubles == {"weights veil": f"a kept copy of the weights plays, since {why}"}


def test_without_a_copy_broken_weights_are_an_error(supervision: Any, path: Path) -> None:
    (path.parent / "veil.safetensors").write_text("who")
    made = supervision()
    patch = made.load_patch(path)
    with pytest.raises(PatchError, match="expected whole weights"):
        made.load_model("veil", patch.nodes["veil"], path)


def test_what_was_replaced_is_never_kept_as_good(supervision: Any, path: Path) -> None:
    keep(supervision(), path)
    path.write_text("patch = (")
    made = supervision()
    keep(made, path)
    assert made.installation.good_patch() == PATCH


def test_a_safe_start_plays_the_last_good_patch_with_the_test_picture(
    supervision: Any, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep(supervision(), path)
    path.write_text(PATCH.replace("rate=5", "rate=6"))
    made = supervision(Start(safe=True, crashes=5, after_crash=True))
    patch = made.load_patch(path)
    camera = patch.nodes["veil"].camera
    assert (camera.source, camera.rate) == ("test", 5)
    assert list(made.troubles.values()) == [
        "safe start after 5 crashes: the test picture in place of the camera, the last good patch"
    ]
    assert "safe start after 5 crashes" in caplog.text


def test_a_safe_start_without_a_good_patch_takes_the_file(supervision: Any, path: Path) -> None:
    made = supervision(Start(safe=True, crashes=6, after_crash=True))
    assert made.load_patch(path).nodes["veil"].camera.source == "test"
    assert list(made.troubles.values()) == ["safe start after 6 crashes: the test picture in place of the camera"]


def test_an_end_that_was_asked_for_is_no_crash(supervision: Any) -> None:
    made = supervision()
    assert made.installation.begin() == Start()
    made.ended()
    assert supervision().installation.begin() == Start()
    assert supervision().installation.begin().crashes == 1  # this one was not
    Supervision("show", Notifier({})).ended()  # without an installation there is nothing to note
