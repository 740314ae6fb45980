"""The static build, from any folder of any host that has nothing but files."""

import functools
import http.server
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from chromium import PATIENCE
from expectation import ROOT

DIST = ROOT / "web" / "dist"


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files, and no lines on the terminal."""

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


def test_it_reads_the_camera_from_a_hosts_folder_and_then_offline(
    launch: Callable, video: Callable[[np.ndarray], Path], frame: np.ndarray, tmp_path: Path
) -> None:
    if not (DIST / "models.json").is_file():
        pytest.skip("needs the static build: npm run build:static, in web/")
    from playwright.sync_api import expect

    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "folder").symlink_to(DIST, target_is_directory=True)
    context = launch(video(frame)).new_context(permissions=["camera"])
    page = context.new_page()

    def read() -> None:
        page.get_by_role("button", name="Open the camera").click()
        expect(page.locator(".result:not(.empty) .result-share")).to_contain_text("%", timeout=PATIENCE)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/some/folder/"
        page.goto(address)
        read()
        page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        scopes = page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.map(r => r.scope))")
        assert scopes == [address]
        server.shutdown()
        thread.join()
    page.reload()
    read()
    context.close()
