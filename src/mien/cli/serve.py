"""`mien serve`: the service over HTTP."""

import os
from typing import Annotated

import typer

from mien.recognition.verdicts import Gating

DEFAULT_PORT = 8421


def serve(
    model: Annotated[str, typer.Option(help="A shipped model's name or a model file.")] = "mobilenet_v2",
    host: Annotated[
        str, typer.Option(help="The address to listen at; any but this machine's own needs MIEN_SERVE_TOKEN.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = DEFAULT_PORT,
    gate: Annotated[Gating, typer.Option(help="What becomes of faces unlike those the models know.")] = Gating.WARN,
    device: Annotated[str, typer.Option(help="Where the model runs.")] = "cpu",
    at_once: Annotated[
        int | None, typer.Option(min=1, help="Requests worked on at a time, each on one core; all cores by default.")
    ] = None,
    waiting: Annotated[int, typer.Option(min=0, help="Requests that may wait; others get status 429.")] = 32,
    seconds: Annotated[float, typer.Option(min=1, help="Time for a request; then it gets status 503.")] = 30,
    megabytes: Annotated[int, typer.Option(min=1, help="Megabytes of a picture; of a batch three times as many.")] = 20,
    megapixels: Annotated[int, typer.Option(min=1, max=120, help="Megapixels of a picture.")] = 40,
) -> None:
    """Answer programs over HTTP: pictures in, faces out.

    Pictures are neither stored nor logged. Only this machine reaches it, unless --host says otherwise; clients must
    then send the token that the environment variable MIEN_SERVE_TOKEN holds. Ctrl-C ends it when all that it has let in
    is answered.

    Example: mien serve & curl --data-binary @party.jpg http://127.0.0.1:8421/v1/faces
    """
    import numpy as np

    from mien.recognition.extra import load

    for module in ("fastapi", "uvicorn", "prometheus_client", "python_multipart"):
        load(module, "serve")
    from mien.recognition.recognizer import Recognizer
    from mien.service.api import create_app
    from mien.service.guarding import TOKEN_VARIABLE, check_token
    from mien.service.limits import MEGABYTE, MEGAPIXEL, Limits
    from mien.service.running import listen
    from mien.service.running import serve as run

    token = os.environ.get(TOKEN_VARIABLE) or None
    check_token(host, token)
    limits = Limits(
        picture_bytes=megabytes * MEGABYTE,
        request_bytes=3 * megabytes * MEGABYTE,
        pixels=megapixels * MEGAPIXEL,
        seconds=seconds,
        waiting=waiting,
        **({} if at_once is None else {"at_once": at_once}),
    )
    with listen(host, port) as listening:
        recognizer = Recognizer(model, threads=1, gate=gate, device=device)
        recognizer.recognize(np.zeros((64, 64, 3), np.uint8))  # opens its files: what is damaged says so now
        run(create_app(recognizer, limits, token), limits, listening, _say_ready)
    typer.echo("ended")


def _say_ready(address: str) -> None:
    typer.echo(f"Mien answers at {address}/v1/faces; {address}/openapi.json describes it (Ctrl-C ends it)")
