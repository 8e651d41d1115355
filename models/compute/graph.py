"""CUDA graphs: a step captured once and replayed, which avoids the launch overhead of each kernel."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch


class CapturedStep:
    """Runs `forward`, whose tensors keep their addresses: on a GPU as one captured graph, on a CPU directly.

    With `own_stream` the graph runs concurrently with other streams. All GPU memory that `forward` reads must then be
    written by `forward` itself.
    """

    def __init__(self, forward: Callable[[], None], device: torch.device, *, own_stream: bool = False) -> None:
        self._forward, self._device = forward, device
        self._stream: torch.cuda.Stream | None = None
        self._graph: torch.cuda.CUDAGraph | None = None
        if device.type == "cuda":
            with torch.cuda.device(device):
                stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
                self._graph = _captured(forward, stream)
            self._stream = stream if own_stream else None

    def __call__(self, *, wait: bool = True) -> None:
        """Runs the step; with `wait` it returns after the results are complete."""
        if self._graph is None:
            self._forward()
            return
        with torch.cuda.device(self._device), self._streaming():
            self._graph.replay()
            if wait:
                torch.cuda.current_stream().synchronize()

    @contextlib.contextmanager
    def _streaming(self) -> Iterator[None]:
        if self._stream is None:
            yield
            return
        with torch.cuda.stream(self._stream):
            yield


def _captured(forward: Callable[[], None], stream: torch.cuda.Stream) -> torch.cuda.CUDAGraph:
    """Captures one step, after warm-up runs in which the libraries choose kernels and allocate memory."""
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            forward()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):  # other threads may use CUDA
        forward()
    return graph
