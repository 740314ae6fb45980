"""What the service counts, in Prometheus' text format. No picture, name or result of a picture is among it."""

from collections.abc import Callable
from typing import Any

from mien.recognition.extra import load

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The counters of one service, in a registry of their own.

    Args:
        in_flight: Says how many requests are worked on or wait.
    """

    def __init__(self, in_flight: Callable[[], int]) -> None:
        prometheus: Any = load("prometheus_client", "serve")
        self.content_type = str(prometheus.CONTENT_TYPE_LATEST)
        self._write = prometheus.generate_latest
        self._registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=self._registry)
        self.requests = prometheus.Counter(
            "mien_requests", "Requests answered.", ["path", "status"], registry=self._registry
        )
        self.seconds = prometheus.Histogram(
            "mien_request_seconds",
            "From a request's arrival to its answer.",
            ["path"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self.pictures = prometheus.Counter("mien_pictures", "Pictures read.", registry=self._registry)
        self.faces = prometheus.Counter("mien_faces", "Faces read.", registry=self._registry)
        flight = prometheus.Gauge("mien_in_flight", "Requests worked on or waiting.", registry=self._registry)
        flight.set_function(in_flight)

    def text(self) -> bytes:
        """All of them at this moment.

        Returns:
            Prometheus' text format.
        """
        return bytes(self._write(self._registry))
