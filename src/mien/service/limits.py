"""What one server takes: bytes, pixels, pictures, requests at a time, seconds."""

from dataclasses import dataclass

from mien.cores import cores
from mien.errors import MienError

MEGABYTE = 1_000_000
MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class Limits:
    """The limits of a service; memory is bounded by them.

    Attributes:
        picture_bytes: Bytes of one picture file.
        request_bytes: Bytes of a whole request, all pictures of a batch together.
        pixels: Pixels of one picture, width times height, looked at before it is decoded.
        batch: Pictures of one batch.
        seconds: Time for a request, from its arrival to its answer.
        at_once: Requests that are worked on at the same time, each on one core.
        waiting: Requests beyond these that may wait for their turn.
        connections: Open connections.
    """

    picture_bytes: int = 20 * MEGABYTE
    request_bytes: int = 60 * MEGABYTE
    pixels: int = 40 * MEGAPIXEL
    batch: int = 32
    seconds: float = 30.0
    at_once: int = cores()
    waiting: int = 32
    connections: int = 512

    def __post_init__(self) -> None:
        least = {"waiting": 0}
        for name, value in vars(self).items():
            if value < least.get(name, 1):
                raise MienError(f"{name} must be {least.get(name, 1)} or more, not {value}")
