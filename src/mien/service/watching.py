"""What surrounds every request: it is let in or not, its errors become one line, it is counted and never logged."""

import time
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.service.guarding import guard
from mien.service.metrics import Metrics
from mien.service.refusals import Refusal
from mien.service.reporting import report

OTHER = "other"
"""What addresses that do not exist are counted as: anybody can think of any number of them."""


class Watch:
    """ASGI middleware around the service's addresses.

    Args:
        app: What answers.
        paths: The addresses that exist.
        metrics: Counts them.
        token: What clients must send, or None.
    """

    def __init__(self, app: ASGIApp, paths: frozenset[str], metrics: Metrics, token: str | None) -> None:
        self._app, self._paths, self._metrics, self._token = app, paths, metrics, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, count and time a request; see the ASGI specification.

        Args:
            scope: Of the connection.
            receive: Gives the request's events.
            send: Takes the answer's events.
        """
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start = time.perf_counter()
        answer = _Answer(send)
        try:
            guard(scope["path"], _headers(scope), self._token)
            await self._app(scope, receive, answer.send)
        except Refusal as refusal:
            await refused(refusal)(scope, receive, answer.send)
        except ClientDisconnect:
            pass  # nobody to answer
        except Exception as error:
            report(error)
            await refused(_UNFORESEEN)(scope, receive, answer.send)
        path = scope["path"] if scope["path"] in self._paths else OTHER
        self._metrics.requests.labels(path, answer.status).inc()
        self._metrics.seconds.labels(path).observe(time.perf_counter() - start)


_UNFORESEEN = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "unforeseen error; the service's own output says where")


class _Answer:
    """Where an answer goes; remembers its status."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = "gone"

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = str(message["status"])
        await self._send(message)


def refused(refusal: Refusal) -> JSONResponse:
    """The answer for a refusal.

    Args:
        refusal: Why.

    Returns:
        JSON with the refusal's status and headers.
    """
    headers = {}
    if refusal.retry_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_seconds)
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse({"error": str(refusal)}, int(refusal.status), headers)


def _headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
