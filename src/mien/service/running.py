"""Start the service and end it: it stops listening at once, and answers what it has let in."""

import signal
import socket
import warnings
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from mien.errors import MienError
from mien.service.limits import Limits


def listen(host: str, port: int) -> socket.socket:
    """A socket at an address of this machine.

    Args:
        host: The address or its name.
        port: 0 takes a free one.

    Returns:
        It listens already.

    Raises:
        MienError: It cannot be used.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, OverflowError) as error:
        raise MienError(f"{host} port {port} cannot be used: {error}; choose others with --host and --port") from error


def server_of(app: FastAPI, limits: Limits) -> uvicorn.Server:
    """The server for an application, which says nothing of the requests it answers.

    Args:
        app: The application.
        limits: How many connections, and how long a request takes at most.

    Returns:
        Not running yet.
    """
    config = uvicorn.Config(
        app,
        access_log=False,
        log_level="error",
        lifespan="off",
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=int(limits.seconds) + 1,
    )
    return uvicorn.Server(config)


def serve(app: FastAPI, limits: Limits, listening: socket.socket, ready: Callable[[str], None]) -> None:
    """Answer until SIGTERM or Ctrl-C comes, then finish what was let in; returns when all is done.

    Args:
        app: What `api.create_app` gives.
        limits: Those of the app.
        listening: Where.
        ready: Told the service's address.
    """
    host, port = listening.getsockname()[:2]
    before = signal.signal(signal.SIGTERM, _interrupted)
    warnings.simplefilter("ignore")  # they tell of pictures, by their names
    try:
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        server_of(app, limits).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGTERM, before)
        app.state.admission.close()


def _interrupted(signum: int, frame: FrameType | None) -> None:
    """Uvicorn raises the signal again when it has ended: SIGTERM ends the service as Ctrl-C does."""
    raise KeyboardInterrupt
