"""Where bfloat16 arithmetic is faster than float32."""

from __future__ import annotations

import torch


def bfloat16_is_faster(where: torch.device) -> bool:
    """Whether bfloat16 is faster than float32 on this device: true for GPUs and for CPUs with AMX.

    On other CPUs it is slower.
    """
    return where.type == "cuda" or (where.type == "cpu" and bool(torch.cpu.get_capabilities().get("amx_bf16")))
