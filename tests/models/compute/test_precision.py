"""Where bfloat16 is used: convolutions need AMX, matrix products AVX-512 BF16 or AMX."""

from __future__ import annotations

import pytest
import torch

from models.compute.precision import bfloat16_is_faster, bfloat16_products_are_faster

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capabilities", "convolutions", "products"),
    [
        ({}, False, False),
        ({"avx512_f": True}, False, False),
        ({"avx512_bf16": True, "amx_bf16": False}, False, True),
        ({"avx512_bf16": True, "amx_bf16": True}, True, True),
    ],
)
def test_bfloat16_is_used_where_this_processor_is_faster_with_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], convolutions: bool, products: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert bfloat16_is_faster(CPU) is convolutions
    assert bfloat16_products_are_faster(CPU) is products


def test_bfloat16_is_used_on_graphics_cards() -> None:
    cuda = torch.device("cuda")
    assert bfloat16_is_faster(cuda)
    assert bfloat16_products_are_faster(cuda)


def test_bfloat16_is_not_used_on_other_devices() -> None:
    assert not bfloat16_products_are_faster(torch.device("meta"))
