"""`mien app`: the app in the browser."""

import webbrowser
from typing import Annotated

import typer

DEFAULT_PORT = 8420


def app(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes a free one.")
    ] = DEFAULT_PORT,
    browser: Annotated[bool, typer.Option(help="Open the app in the browser.")] = True,
) -> None:
    """Serve the app on this machine and open it: live from the camera, or for single pictures.

    Only this machine can reach it, and pictures never leave it. Ctrl-C ends it.

    Example: mien app --port 9000
    """
    from mien.recognition.model import models_folder
    from mien.server.serving import AppServer, app_folder

    with AppServer(app_folder(), models_folder(), port) as server:
        typer.echo(f"Mien is at {server.address} (Ctrl-C ends it)")
        if browser:
            webbrowser.open(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("ended")
