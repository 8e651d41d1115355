"""The parameters of the page's first view."""

from __future__ import annotations

from pathlib import Path

import pytest
from pieces import Piece

from live.patch import Patch, PatchError

HEADER = "from live import Midi, Node, Patch\nfrom toys import Scale\n"
NODES = "a=Node(Scale, weights='p', seed=0), b=Node(Scale, weights='p', seed=0)"


def test_a_piece_chooses_them_and_missing_ones_are_reported(tmp_path: Path) -> None:
    text = f"patch = Patch({NODES}, page=['/b/length', '/a/lenght', '/clock/tempo'])"
    engine = Piece(tmp_path, HEADER, text, osc=None).open()
    assert engine.tree.get("/engine/controls") == "/b/length\n/clock/tempo"
    engine.close()


def test_without_a_choice_the_first_of_each_node_are_used(tmp_path: Path) -> None:
    engine = Piece(tmp_path, HEADER, f"patch = Patch({NODES})", osc=None).open()
    chosen = str(engine.tree.get("/engine/controls")).split("\n")
    assert chosen[:2] == ["/a/lowest", "/b/lowest"]
    assert len(chosen) == len(set(chosen)) <= 8
    assert not any(address.endswith(("/seed", "/pause", "/channel")) for address in chosen)
    engine.close()


@pytest.mark.parametrize("page", ["/a/length", ["length"], [7]])
def test_a_choice_that_is_no_list_of_addresses_is_an_error(page: object) -> None:
    with pytest.raises(PatchError, match="page"):
        Patch(page=page)  # type: ignore[arg-type]
