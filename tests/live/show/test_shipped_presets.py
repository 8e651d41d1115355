"""The shipped presets: four per patch, every value valid; a user's presets never overwrite the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from live.engine.engine import Engine
from live.engine.options import Options
from live.patch import find, load
from live.show.preset_store import PresetStore
from live.show.toml_file import shipped_presets
from live.transport.clock import VirtualClock
from models.base import KnobError

PIECES = ("trio", "duo", "sketch", "piano", "duet", "mirror", "dream", "kernels")


@pytest.mark.parametrize("piece", PIECES)
def test_keys_1_to_4_recall_a_preset_whose_every_value_fits(
    piece: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    path = find(piece)
    patch = load(path)
    assert patch.seed is None
    engine = Engine(patch, VirtualClock(), Options(midi="silent", midi_in=(), osc=None, restore="never"), path)
    try:
        engine.open()
        caplog.clear()
        states = []
        for key in "1234":
            engine.tree.write("/preset/recall", [key])
            name = str(engine.tree.get("/preset/list")).split("\n")[int(key) - 1]
            states.append(str([one.value for one in engine.tree.parameters() if one.knob.access == "rw"]))
            assert engine.tree.get("/preset/last") == name
        assert len(set(states)) == 4
        assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []
    finally:
        engine.close()


def test_a_preset_of_ones_own_takes_the_place_of_a_shipped_one_in_another_file(tmp_path: Path) -> None:
    shipped, own = tmp_path / "shipped.toml", tmp_path / "own.toml"
    text = "[calm.piano]\ndensity = 1.0\n\n[wild.piano]\ndensity = 9.0\n"
    shipped.write_text(text)
    store = PresetStore(own, shipped=shipped)
    store.read()
    assert (store.find("1"), store.find("2")) == ("calm", "wild")
    store.put("calm", {"piano": {"density": 2.0}})
    store.put("1", {"piano": {"density": 3.0}})
    again = PresetStore(own, shipped=shipped)
    again.read()
    for one in (store, again):
        assert list(one.presets) == ["calm", "wild", "1"]
        assert (one.presets["calm"], one.find("1"), one.find("2")) == ({"piano": {"density": 2.0}}, "1", "wild")
    assert shipped.read_text() == text


def test_a_shipped_preset_cannot_be_deleted_but_is_there_again_after_ones_own(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped.toml"
    shipped.write_text("[calm.piano]\ndensity = 1.0\n")
    store = PresetStore(tmp_path / "own.toml", shipped=shipped)
    store.read()
    for change in (lambda: store.delete("calm"), lambda: store.rename("calm", "mine")):
        with pytest.raises(KnobError, match="comes with the piece"):
            change()
    store.put("calm", {"piano": {"density": 2.0}})
    store.delete("calm")
    assert store.presets == {"calm": {"piano": {"density": 1.0}}}


def test_patches_of_ones_own_have_none(tmp_path: Path) -> None:
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "piece.toml").write_text("")
    assert shipped_presets(tmp_path / "piece.py") is None
