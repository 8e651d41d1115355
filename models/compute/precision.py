"""Where arithmetic in half precision pays."""

from __future__ import annotations

import torch


def half_pays(where: torch.device) -> bool:
    """Whether bfloat16 is much faster there: on graphics cards, and processors that multiply matrices of it (AMX).

    On other processors it is slower than float32.
    """
    return where.type == "cuda" or (where.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16")))
