"""`mien app`: the app in the browser."""

import sys
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from mien.server.phone import PhoneServer

DEFAULT_PORT = 8420


def app(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes a free one.")
    ] = DEFAULT_PORT,
    browser: Annotated[bool, typer.Option(help="Open the app in the browser.")] = True,
    phone: Annotated[
        bool,
        typer.Option(
            "--phone",
            help="Serve a phone in the same network instead: with a certificate made now and a code that works once.",
        ),
    ] = False,
    model: Annotated[
        Path | None,
        typer.Option(metavar="FILE.onnx", help="Your own model file, of any classes: the app begins with it."),
    ] = None,
) -> None:
    """Serve the app on this machine and open it: live from the camera, or for single pictures.

    Only this machine can reach it, and pictures never leave it. Ctrl-C ends it. With --phone a phone in the same
    network opens it by a QR code; its pictures never leave the phone.

    Examples:
    mien app --port 9000
    mien app --model runs/mine/mine.onnx
    """
    from mien.recognition.model import ModelFile, models_folder
    from mien.server.phone import PhoneServer
    from mien.server.serving import AppServer, app_folder

    if model is not None:
        model = ModelFile.open(model).path  # refused here if it cannot be used
    kind = PhoneServer if phone else AppServer
    with kind(app_folder(), models_folder(), port, own=model) as server:
        if isinstance(server, PhoneServer):
            _invite(server)
        else:
            typer.echo(f"Mien is at {server.address} (Ctrl-C ends it)")
            if browser:
                webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended")


def _invite(server: "PhoneServer") -> None:
    """Print how the phone gets in."""
    from mien.server.phone import qr_code

    code = qr_code(server.address)
    try:
        code.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        code = "(this terminal cannot show the QR code: type the address)\n"
    typer.echo(code + server.address)
    typer.echo("Open this on a phone in the same network; the code works once, for the first browser that brings it.")
    typer.echo(f"The phone will warn of the certificate, which this machine made itself. SHA-256: {server.fingerprint}")
    typer.echo("Ctrl-C ends it.")
