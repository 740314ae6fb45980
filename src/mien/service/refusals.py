"""Why a request is refused: a status and one line."""

from http import HTTPStatus

from mien.errors import MienError


class Refusal(MienError):
    """A request that is not served.

    Args:
        status: The HTTP status of the answer.
        message: One line that says what is wrong and what to do.
        retry_seconds: When to try again, for the header Retry-After; None where another try would end the same.
    """

    def __init__(self, status: HTTPStatus, message: str, retry_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_seconds = retry_seconds


def too_large(message: str) -> Refusal:
    """A body or a picture beyond the limits.

    Args:
        message: Says what and how much too large.

    Returns:
        To be raised.
    """
    return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)


def busy() -> Refusal:
    """As many requests as may wait are waiting.

    Returns:
        To be raised.
    """
    return Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many requests at a time; try again in a second", 1)


def too_slow(seconds: float) -> Refusal:
    """The work was not done in time.

    Args:
        seconds: Within which it should have been done.

    Returns:
        To be raised.
    """
    return Refusal(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"not done within {seconds:g} seconds; send smaller pictures or fewer at a time, or try again later",
        5,
    )


def sent_too_slowly(seconds: float) -> Refusal:
    """The body did not arrive in time.

    Args:
        seconds: Within which it should have arrived.

    Returns:
        To be raised.
    """
    return Refusal(HTTPStatus.REQUEST_TIMEOUT, f"the request did not arrive within {seconds:g} seconds")
