"""What Prometheus reads at `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgereg.pipeline.stats import StageStats
from edgereg.serve.board import readings
from edgereg.serve.delivery.base import Destination
from edgereg.serve.watch import Watch
from edgereg.serve.worker import Worker

_COUNTERS = {
    "frames": "Frames whose results were delivered.",
    "dropped": "Frames that came too fast and were left out.",
    "failures": "Runs of the source that ended by a fault.",
    "recoveries": "Times that results came again after a fault.",
}


_DELIVERED = {
    "sent": "Messages that arrived, or were written.",
    "lost": "Messages lost for want of room, or refused by the other side.",
    "failures": "Attempts to deliver that failed.",
}


class DeliveryMetrics(Collector):
    """Reads the deliveries anew for every scrape."""

    def __init__(self, deliveries: Iterable[Destination]) -> None:
        self._deliveries = deliveries

    def collect(self) -> Iterable[Metric]:
        """Every metric, with a sample for each delivery."""
        found = {each.name: each.progress for each in self._deliveries}
        for what, text in _DELIVERED.items():
            counter = CounterMetricFamily(f"edgereg_delivery_{what}", text, labels=["delivery"])
            for name, progress in found.items():
                counter.add_metric([name], getattr(progress, what))
            yield counter
        waiting = GaugeMetricFamily(
            "edgereg_delivery_waiting", "Messages that wait on the disk.", labels=["delivery"]
        )
        up = GaugeMetricFamily(
            "edgereg_delivery_up", "Whether the latest attempt succeeded.", labels=["delivery"]
        )
        for name, progress in found.items():
            waiting.add_metric([name], progress.waiting)
            up.add_metric([name], progress.error is None)
        yield from (waiting, up)


class SourceMetrics(Collector):
    """Reads the workers anew for every scrape."""

    def __init__(self, workers: Mapping[str, Worker]) -> None:
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """Every metric, with a sample for each source."""
        for what, text in _COUNTERS.items():
            counter = CounterMetricFamily(f"edgereg_{what}", text, labels=["source"])
            for name, worker in self._workers.items():
                counter.add_metric([name], getattr(worker.counters(), what))
            yield counter
        lost = CounterMetricFamily(
            "edgereg_lost_by_readers",
            "Results that readers were too slow to fetch.",
            labels=["source"],
        )
        up = GaugeMetricFamily("edgereg_up", "Whether results are coming.", labels=["source"])
        age = GaugeMetricFamily(
            "edgereg_age_seconds", "Time since the latest result.", labels=["source"]
        )
        for name, worker in self._workers.items():
            lost.add_metric([name], worker.live.lost)
            up.add_metric([name], worker.state == "running")
            age.add_metric([name], worker.live.age_s())
        events = CounterMetricFamily(
            "edgereg_rule_events", "Events that a rule has told.", labels=["source", "rule"]
        )
        for name, worker in self._workers.items():
            for rule, count in worker.events.items():
                events.add_metric([name, rule], count)
        yield from (lost, up, age, events, self._ages(), self._stages())

    def _ages(self) -> Metric:
        """How old results are when they are there."""
        ages = GaugeMetricFamily(
            "edgereg_result_age_seconds",
            "Time from a frame's being there to its result, over the latest 2000.",
            labels=["source", "quantile"],
        )
        for name, worker in self._workers.items():
            stats = worker.stats()
            if stats is not None:
                for quantile, ms in _quantiles(stats.ages):
                    ages.add_metric([name, quantile], ms / 1000)
        return ages

    def _stages(self) -> Metric:
        """Times of the stages over the latest frames."""
        times = GaugeMetricFamily(
            "edgereg_stage_seconds",
            "Time of a stage for a frame, over the latest 2000.",
            labels=["source", "stage", "quantile"],
        )
        for name, worker in self._workers.items():
            stats = worker.stats()
            for stage, s in stats.stages.items() if stats else ():
                for quantile, ms in _quantiles(s):
                    times.add_metric([name, stage, quantile], ms / 1000)
        return times


def _quantiles(times: StageStats) -> Iterable[tuple[str, float]]:
    return (("0.5", times.p50_ms), ("0.95", times.p95_ms), ("0.99", times.p99_ms))


class WatchMetrics(Collector):
    """What hangs, read anew for every scrape."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def collect(self) -> Iterable[Metric]:
        """How often something hung, and what does now."""
        yield CounterMetricFamily(
            "edgereg_hangs", "Times that a thread or an engine hung.", value=self._watch.hangs
        )
        hanging = GaugeMetricFamily(
            "edgereg_hanging", "Whether a thread or an engine hangs now.", labels=["what"]
        )
        for name, hangs in self._watch.hanging().items():
            hanging.add_metric([name], hangs)
        yield hanging


class BoardMetrics(Collector):
    """Reads the board's sensors anew for every scrape."""

    def collect(self) -> Iterable[Metric]:
        """Temperatures and powers, by sensor."""
        celsius = GaugeMetricFamily(
            "edgereg_board_celsius", "Temperature, as the system reports it.", labels=["sensor"]
        )
        watts = GaugeMetricFamily(
            "edgereg_board_watts", "Power, as the system reports it.", labels=["sensor"]
        )
        for each in readings():
            metric = celsius if each.kind == "temperature" else watts
            metric.add_metric([each.name], each.value)
        yield from (celsius, watts)


def exposition(
    workers: Mapping[str, Worker], deliveries: Iterable[Destination], watch: Watch
) -> bytes:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(SourceMetrics(workers))
    registry.register(DeliveryMetrics(deliveries))
    registry.register(WatchMetrics(watch))
    registry.register(BoardMetrics())
    return generate_latest(registry)
