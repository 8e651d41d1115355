"""Where bfloat16 arithmetic is faster than float32."""

from __future__ import annotations

import torch


def bfloat16_is_faster(where: torch.device) -> bool:
    """Whether bfloat16 convolutions are faster than float32 on this device: true for CUDA and CPUs with AMX.

    On other CPUs they are slower, and the GPUs of some Macs lack them.
    """
    return where.type == "cuda" or (where.type == "cpu" and _has("amx_bf16"))


def bfloat16_products_are_faster(where: torch.device) -> bool:
    """Whether bfloat16 matrix products are faster than float32 on this device.

    True also for CPUs with AVX-512 BF16 (AMD from Zen 4 on), where they take less than half the time.
    """
    return bfloat16_is_faster(where) or (where.type == "cpu" and _has("avx512_bf16"))


def _has(capability: str) -> bool:
    return bool(torch.cpu.get_capabilities().get(capability))
