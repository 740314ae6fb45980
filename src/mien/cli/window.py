"""The window of `mien predict webcam`: what the camera sees with the faces drawn in, and a few keys.

SDL shows it (pygame-ce): its wheels bring all it needs on every system.
"""

import os
import sys
import time
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mien.errors import MienError
from mien.recognition.drawing import annotate
from mien.recognition.extra import load
from mien.recognition.faces import Frame
from mien.recognition.verdicts import Gating
from mien.storage import write_atomically

if TYPE_CHECKING:
    from mien.recognition.video.watching import Video

BAR = 30
"""Height of the line of keys below the picture, in pixels."""
SAID = 3.0
"""How long a message replaces the keys, in seconds."""
SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
"""One of these says on Linux that there is a display."""


class Window(AbstractContextManager):
    """A sink that shows every frame. `closed` says that the user wants no more.

    It changes the video's recogniser when another model is asked for.

    Args:
        video: What is shown.
        show_map: Whether maps are drawn over the faces.

    Raises:
        MienError: There is no display.
    """

    def __init__(self, video: "Video", show_map: bool) -> None:
        if sys.platform == "linux" and not any(map(os.environ.get, SCREENS)):
            raise _no_display()  # SDL would say so too, in more lines
        os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
        self._game = load("pygame")
        self._video, self._show_map = video, show_map
        self._shown: tuple[int, int] | None = None
        self._started: float | None = None
        self._said, self._until = "", 0.0
        self._keys = {
            "n": self._next_model,
            "m": self._toggle_map,
            "g": self._next_gate,
            "s": self._snapshot,
            "q": self._close,
        }
        self.closed = False
        try:
            self._game.display.init()
        except self._game.error as error:
            raise _no_display() from error
        self._game.font.init()
        self._game.display.set_caption("Mien")

    def write(self, frame: Frame) -> None:
        """Show a frame at its time, and do what was typed.

        Args:
            frame: The next one.
        """
        self._drawn = annotate(frame.pixels, frame.faces, self._show_map)
        self._wait(frame)
        for event in self._game.event.get():
            if event.type == self._game.QUIT:
                self._close()
            elif event.type == self._game.KEYDOWN:
                key = "q" if event.key == self._game.K_ESCAPE else event.unicode.lower()
                self._keys.get(key, lambda: None)()
        self._show(self._drawn)

    def __exit__(self, *raised: object) -> None:
        self._game.quit()

    def _show(self, picture: np.ndarray) -> None:
        height, width = picture.shape[:2]
        if self._shown != (width, height):
            self._screen = self._game.display.set_mode((width, height + BAR), self._game.SCALED | self._game.RESIZABLE)
            self._font = self._game.font.Font(None, 20)
            self._shown = (width, height)
        self._screen.fill((24, 24, 24))
        self._screen.blit(self._game.image.frombuffer(picture.tobytes(), (width, height), "RGB"), (0, 0))
        line: Any = self._font.render(self._line(), True, (235, 235, 235))
        self._screen.blit(line, (10, height + (BAR - line.get_height()) // 2))
        self._game.display.flip()

    def _line(self) -> str:
        if time.monotonic() < self._until:
            return self._said
        recognizer, heat = self._video.recognizer, "on" if self._show_map else "off"
        return (
            f"N model: {recognizer.model.name}    M map: {heat}    G gate: {recognizer.gating}    S snapshot    Q quit"
        )

    def _say(self, text: str) -> None:
        self._said, self._until = text, time.monotonic() + SAID

    def _wait(self, frame: Frame) -> None:
        """Show a file's frames at their times; a camera has a clock of its own."""
        if self._video.source.live or frame.time is None:
            return
        if self._started is None:
            self._started = time.monotonic() - frame.time
        time.sleep(max(self._started + frame.time - time.monotonic(), 0.0))

    def _next_model(self) -> None:
        from mien.recognition.model import shipped_models

        names = shipped_models()
        now = self._video.recognizer.model.name
        name = names[(names.index(now) + 1) % len(names)] if now in names else names[0]
        self._change(name, self._video.recognizer.gating)

    def _next_gate(self) -> None:
        gates = list(Gating)
        now = self._video.recognizer
        self._change(now.model.path, gates[(gates.index(now.gating) + 1) % len(gates)])

    def _change(self, model: str | Path, gate: Gating) -> None:
        from mien.recognition.recognizer import Recognizer
        from mien.recognition.video.watching import model_threads

        threads, details = model_threads(self._video.source.live), self._video.recognizer.details
        self._video.recognizer = Recognizer(model, threads, gate, details=details)

    def _toggle_map(self) -> None:
        self._show_map = not self._show_map
        if self._show_map and not self._video.recognizer.model.has_map:
            self._say(f"the model {self._video.recognizer.model.name} has no map")

    def _snapshot(self) -> None:
        from PIL import Image

        path = Path(f"mien-{datetime.now():%Y%m%d-%H%M%S}.png")
        write_atomically(path, lambda draft: Image.fromarray(self._drawn).save(draft, "PNG"))
        self._say(f"saved {path.absolute()}")

    def _close(self) -> None:
        self.closed = True


def _no_display() -> MienError:
    return MienError("there is no display for a window; name an output, such as --csv faces.csv or --json -")
