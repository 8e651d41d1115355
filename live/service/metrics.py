"""The figures of an installation in the text format of Prometheus, written by its own client library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from live.service.figures import Figures

CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
PREFIX: Final = "arabesque"


def metrics_text(figures: Figures) -> bytes:
    """All metrics, each named `arabesque_…` with its unit."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Moment(figures))
    return generate_latest(registry)


class _Moment(Collector):
    """A registry's collector for the figures of one moment."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """All metrics."""
        yield from self._show()
        yield from self._parts()
        yield from self._machine()

    def _show(self) -> Iterator[Metric]:
        figures = self._figures
        yield _gauge("healthy", "1 while nothing is wrong", not figures.problems)
        yield _gauge("problems", "How many things are wrong now", len(figures.problems))
        yield _gauge("uptime_seconds", "Time since the engine started", figures.up_s)
        yield _gauge("safe_start", "1 while it runs without camera after repeated crashes", figures.safe)
        yield _gauge("saving", "1 while the disk has room for what is recorded and saved", figures.saving)
        yield _count("crashes", "Crashes since the show was installed", figures.crashes)
        yield _count("alerts", "Alerts sent since the start", figures.alerts)
        if figures.window_fps is not None:
            yield _gauge("window_frames_per_second", "Frames drawn in a second", figures.window_fps)

    def _parts(self) -> Iterator[Metric]:
        figures = self._figures
        up = GaugeMetricFamily(f"{PREFIX}_node_playing", "1 while the node plays or rests", labels=["node"])
        step = GaugeMetricFamily(f"{PREFIX}_node_step_seconds", "Time of one step, smoothed", labels=["node"])
        steps = CounterMetricFamily(f"{PREFIX}_node_steps", "Steps of the model", labels=["node"])
        painted = GaugeMetricFamily(f"{PREFIX}_node_frames_per_second", "Pictures painted", labels=["node"])
        for name, node in figures.nodes.items():
            up.add_metric([name], float(node.state in ("playing", "paused")))
            step.add_metric([name], node.step_s)
            steps.add_metric([name], node.steps)
            if node.fps is not None:
                painted.add_metric([name], node.fps)
        ports = GaugeMetricFamily(f"{PREFIX}_midi_port_open", "1 while the MIDI port is played to", labels=["port"])
        for name, state in figures.ports.items():
            ports.add_metric([name], float(state in ("opened", "returned")))
        playing = GaugeMetricFamily(f"{PREFIX}_camera_playing", "1 while the camera delivers", labels=["camera"])
        rate = GaugeMetricFamily(f"{PREFIX}_camera_frames_per_second", "Pictures delivered", labels=["camera"])
        for name, (state, fps) in figures.cameras.items():
            playing.add_metric([name], float(state == "playing"))
            rate.add_metric([name], fps)
        yield from (up, step, steps, painted, ports, playing, rate)

    def _machine(self) -> Iterator[Metric]:
        machine = self._figures.machine
        labels = ["process", "pid"]
        resident = GaugeMetricFamily(f"{PREFIX}_process_resident_bytes", "Resident memory", labels=labels)
        files = GaugeMetricFamily(f"{PREFIX}_process_open_files", "Open file descriptors", labels=labels)
        threads = GaugeMetricFamily(f"{PREFIX}_process_threads", "Threads", labels=labels)
        cpu = CounterMetricFamily(f"{PREFIX}_process_cpu_seconds", "Processor time used", labels=labels)
        for one in machine.processes:
            names = [one.name, str(one.pid)]
            resident.add_metric(names, one.resident)
            files.add_metric(names, one.files)
            threads.add_metric(names, one.threads)
            cpu.add_metric(names, one.cpu_s)
        yield from (resident, files, threads, cpu)
        yield _gauge("machine_uptime_seconds", "Time since the machine started", machine.machine_up_s)
        yield _gauge("memory_free_bytes", "Memory that programs can still get", machine.memory_free)
        if machine.disk_free is not None:
            yield _gauge("disk_free_bytes", "Room left where files are written", machine.disk_free)
        if machine.disk_total is not None:
            yield _gauge("disk_total_bytes", "Size of the disk where files are written", machine.disk_total)
        if machine.temperature_c is not None:
            yield _gauge("temperature_celsius", "The hottest sensor", machine.temperature_c)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}_{name}", meaning, value=float(value))


def _count(name: str, meaning: str, value: float) -> Metric:
    return CounterMetricFamily(f"{PREFIX}_{name}", meaning, value=float(value))
