"""A page of the app in Chromium, as tests handle it."""

import base64
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from chromium import PATIENCE
from expectation import ROOT
from PIL import Image

from mien.expressions import BY_NAME

ASTRONAUT = ROOT / "examples" / "astronaut.jpg"
AnyExpression = re.compile("|".join(expression.adjective.capitalize() for expression in BY_NAME.values()))


class App:
    """A page of the app, and what went through its network."""

    def __init__(self, context: Any, address: str) -> None:
        self.context, self.address = context, address
        self.requests: list[str] = []
        self.answered: list[str] = []
        self.errors: list[str] = []
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("response", lambda response: self.answered.append(response.url))
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(address)

    def expect(self, selector: str) -> Any:
        from playwright.sync_api import expect

        return expect(self.page.locator(selector).locator("visible=true"))

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def go(self, name: str) -> None:
        self.page.get_by_role("navigation").get_by_role("link", name=name).click()

    def open_camera(self) -> None:
        self.press("Open the camera")

    def more(self, switch: str, on: bool = True) -> None:
        """Turns a switch behind "More" on or off."""
        self.press("More")
        self.page.get_by_label(switch).set_checked(on)
        self.page.keyboard.press("Escape")

    def choose(self, name: str, content: bytes, kind: str) -> None:
        files = {"name": name, "mimeType": kind, "buffer": content}
        self.page.locator("input[type=file]").set_input_files(files)

    def drop(self, name: str, content: bytes, kind: str, after: str = "") -> None:
        """Drops a file on the page, in the very moment in which the element `after` is pressed."""
        self.page.evaluate(
            """([name, content, kind, after]) => {
                const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], name, { type: kind }));
                if (after) document.querySelector(after).click();
                document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
            }""",
            [name, base64.b64encode(content).decode(), kind, after],
        )

    def drawn(self) -> int:
        """Pixels that are drawn over the picture."""
        return self.page.locator(".overlay").evaluate(
            """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
                .filter((value, i) => i % 4 === 3 && value > 0).length"""
        )

    def word(self, text: str | re.Pattern[str]) -> None:
        """Waits until the result names an expression."""
        self.expect(".result:not(.empty) .result-word").to_have_text(text)


Start = Callable[..., App]
"""What the fixture `start` is: it opens the app in a fresh profile."""


def png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()
