"""CUDA graphs: a step that is captured once and replayed, so that a GPU does not wait for each launch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import torch


class CapturedStep:
    """Runs `forward`, whose tensors stay at their addresses: on a GPU as one captured graph, elsewhere as it is.

    With `own_stream` it is replayed beside the work of others instead of after it: everything that it reads on the
    GPU must then be written by `forward` itself.
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
        """Runs the step; with `wait` its results are there when it returns."""
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
    """The graph of one step; runs before the capture let the libraries choose their kernels and allocate."""
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            forward()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):  # other threads go on
        forward()
    return graph
