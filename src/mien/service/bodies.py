"""Read what is sent, within the limits and in memory alone: no picture ever lies on a disk."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from mien.names import abridged, printable
from mien.service.limits import MEGABYTE, Limits
from mien.service.refusals import Refusal, sent_too_slowly, too_large

FIELD = "pictures"


@dataclass(frozen=True)
class Upload:
    """A picture as it was sent.

    Attributes:
        name: What the client calls it.
        content: The file's.
    """

    name: str
    content: bytes


async def read_picture(request: Request, limits: Limits, seconds: float) -> Upload:
    """The body as one picture.

    Args:
        request: Its body is a picture file's content.
        limits: How many bytes it may have.
        seconds: Within which it must have arrived.

    Returns:
        The picture, not decoded.

    Raises:
        Refusal: It is empty, too large or too slow, or is a form.
    """
    if request.headers.get("content-type", "").startswith("multipart/"):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "send a picture's bytes as the body (curl --data-binary @party.jpg); forms go to /v1/faces/batch",
        )
    chunks = [chunk async for chunk in _in_time(_bounded(request, limits.picture_bytes), seconds, limits)]
    content = b"".join(chunks)
    if not content:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "the body is empty; send a picture's bytes as the body")
    return Upload("the picture", content)


async def read_batch(request: Request, limits: Limits, seconds: float) -> list[Upload]:
    """The pictures of a form, each a file in a field called "pictures".

    Args:
        request: Its body is a form.
        limits: How many bytes and pictures it may have.
        seconds: Within which it must have arrived.

    Returns:
        At least one picture, not decoded.

    Raises:
        Refusal: It is no such form, has no or too many pictures, or is too large or too slow.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "send a form with the pictures (curl -F pictures=@one.jpg -F pictures=@two.jpg); one picture alone goes "
            "to /v1/faces",
        )
    stream = _in_time(_bounded(request, limits.request_bytes), seconds, limits)
    try:
        form = await _InMemory(request.headers, stream, max_files=limits.batch, max_fields=limits.batch).parse()
    except MultiPartException as error:
        if error.message.startswith("Too many files"):
            raise too_large(f"more than {limits.batch} pictures in one request; send them in several") from None
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"not a form that can be read: {error.message}") from None
    except KeyError:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "not a form that can be read: it has no boundary") from None
    files = [file for file in form.getlist(FIELD) if isinstance(file, UploadFile)]
    if not files:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, f"no file in a field called '{FIELD}'")
    names = (abridged(printable(file.filename or "")) or f"picture {place}" for place, file in enumerate(files, 1))
    return [Upload(name, await file.read()) for name, file in zip(names, files, strict=True)]


class _InMemory(MultiPartParser):
    """Starlette's parser puts files from a megabyte on into the folder for temporary files; this one none."""

    spool_max_size = 0  # which means: however large


async def _bounded(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks; raises Refusal as soon as it is clear that there are too many bytes."""
    told = request.headers.get("content-length", "")
    size = 0
    if not (told.isdecimal() and int(told) > most):
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                break
            yield chunk
        else:
            return
    raise too_large(f"the request has more than {most / MEGABYTE:g} megabytes; send smaller pictures, or fewer")


async def _in_time(chunks: AsyncGenerator[bytes, None], seconds: float, limits: Limits) -> AsyncGenerator[bytes, None]:
    """The same chunks; raises Refusal where they do not arrive in time."""
    end = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            async with asyncio.timeout_at(end):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise sent_too_slowly(limits.seconds) from None
        yield chunk
