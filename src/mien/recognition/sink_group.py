"""Several sinks as one: where one of them fails it ends alone, and the others go on to the end."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from mien.errors import MienError, StorageError
from mien.recognition.faces import Frame
from mien.recognition.sinks import Sink
from mien.storage import refused


class SinkGroup(AbstractContextManager):
    """The outputs of one piece of work, all written and closed together, whatever ends it.

    A sink that fails is closed, so that what it has is kept, and told of once; no more is written to it.

    Args:
        tell: Is called with the name and the error of a sink that failed: a `StorageError`, or the BrokenPipeError of
            a reader that wants no more.
    """

    def __init__(self, tell: Callable[[str, StorageError | BrokenPipeError], object]) -> None:
        self._tell = tell
        self._sinks: list[tuple[str, Sink]] = []
        self.asked = False
        """Whether any sink was added."""

    @property
    def all_failed(self) -> bool:
        """Whether there were sinks, and none is left."""
        return self.asked and not self._sinks

    def add(self, name: object, make: Callable[[], Sink]) -> None:
        """Open a sink.

        Args:
            name: What it writes, for the line about its failure.
            make: Makes the sink.

        Raises:
            MienError: It cannot be used as it was asked for, such as without an extra.
        """
        self.asked = True
        try:
            sink = make()
            sink.__enter__()
        except Exception as error:
            if isinstance(error, MienError) and not isinstance(error, StorageError):
                raise
            self._tell(str(name), _told(name, error))
            return
        self._sinks.append((str(name), sink))

    def write(self, frame: Frame) -> None:
        """Write to all sinks that have not failed.

        Args:
            frame: A picture or one frame of a video.
        """
        for name, sink in list(self._sinks):
            try:
                sink.write(frame)
            except Exception as error:  # whatever a disk, a codec or a library raises, it is about this sink alone
                self._sinks.remove((name, sink))
                self._tell(str(name), _told(name, error))
                self._close(sink, name, error, known=True)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with ExitStack() as stack:  # closes the others also where an interrupt ends the closing of one
            for name, sink in self._sinks:
                stack.callback(self._close, sink, name, error)

    def _close(self, sink: Sink, name: str, error: BaseException | None, known: bool = False) -> None:
        try:
            sink.__exit__(type(error) if error else None, error, error.__traceback__ if error else None)
        except Exception as failure:
            if not known:
                self._tell(name, _told(name, failure))


def _told(name: object, error: Exception) -> StorageError | BrokenPipeError:
    if isinstance(error, StorageError | BrokenPipeError):
        return error
    if isinstance(error, OSError):
        told = refused(name, error)
    else:
        told = StorageError(f"cannot write {name}: {type(error).__name__}: {error}; the other outputs go on")
    told.__cause__ = error
    return told
