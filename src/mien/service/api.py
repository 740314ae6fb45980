"""The addresses of the service and what they answer."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

import mien
from mien.errors import MienError
from mien.recognition.faces import Face
from mien.recognition.recognizer import Recognizer
from mien.service.admission import Admission
from mien.service.bodies import FIELD, read_batch, read_picture
from mien.service.limits import Limits
from mien.service.metrics import Metrics
from mien.service.reading import read_many, read_one
from mien.service.refusals import Refusal
from mien.service.schemas import Health, Problem, answers
from mien.service.watching import Watch, refused

DESCRIPTION = """Reads the expression that each face of a picture shows. Pictures are neither stored nor logged.

Every error is a JSON object with one line in `error`."""
FACES, BATCH, HEALTH, METRICS = "/v1/faces", "/v1/faces/batch", "/health", "/metrics"
PATHS = frozenset({FACES, BATCH, HEALTH, METRICS, "/openapi.json"})
_MEANINGS = {
    401: "The token is missing or wrong.",
    408: "The request did not arrive in time.",
    413: "Too many bytes, pixels or pictures.",
    415: "Another form of body is needed.",
    421: "Asked under a name that is not this machine's own.",
    422: "No picture that can be read.",
    429: "Too many requests at a time; Retry-After says when to come again.",
    500: "Unforeseen; the service's own output says where.",
    503: "Not done in time.",
}
_GUARDED = (401, 421, 500)
_READING = (401, 408, 413, 415, 421, 422, 429, 500, 503)
_BINARY = {"type": "string", "format": "binary"}


def create_app(recognizer: Recognizer, limits: Limits, token: str | None = None) -> FastAPI:
    """The service as an ASGI application.

    Args:
        recognizer: Reads the pictures, on one core a request.
        limits: What is taken.
        token: What clients must send; None where only this machine reaches the service.

    Returns:
        To be run by an ASGI server.
    """
    app = FastAPI(
        title="Mien", version=mien.__version__, description=DESCRIPTION, docs_url=None, redoc_url=None, lifespan=None
    )
    admission = Admission(limits)
    metrics = Metrics(lambda: admission.taken)
    app.state.admission = admission
    _add_reading(app, recognizer, admission, metrics)
    _add_watching(app, recognizer, metrics)
    _add_errors(app)

    app.add_middleware(Watch, paths=PATHS, metrics=metrics, token=token)
    return app


def _add_reading(app: FastAPI, recognizer: Recognizer, admission: Admission, metrics: Metrics) -> None:
    """The addresses that take pictures."""
    limits = admission.limits
    of_picture, of_batch = answers(recognizer.classes)

    def counted(read: list[list[Face] | MienError]) -> None:
        faces = [one for one in read if not isinstance(one, MienError)]
        metrics.pictures.inc(len(faces))
        metrics.faces.inc(sum(map(len, faces)))

    @app.post(
        FACES,
        response_model=of_picture,
        responses=_problems(_READING),
        openapi_extra=_body({"application/octet-stream": {"schema": _BINARY}, "image/*": {"schema": _BINARY}}),
    )
    async def faces(request: Request) -> Any:
        """The faces of one picture, whose file is the body."""
        with admission.enter() as place:
            upload = await read_picture(request, limits, place.seconds_left)
            found = await place.run(lambda: read_one(recognizer, upload, limits))
        counted([found])
        return JSONResponse({"faces": [face.to_dict() for face in found]})

    files = {"type": "array", "items": _BINARY, "minItems": 1}
    form = {"type": "object", "properties": {FIELD: files}, "required": [FIELD]}

    @app.post(
        BATCH,
        response_model=of_batch,
        responses=_problems(_READING),
        openapi_extra=_body({"multipart/form-data": {"schema": form}}),
    )
    async def batch(request: Request) -> Any:
        """The faces of several pictures, each a file in a form's field "pictures"; one that fails ends no other."""
        with admission.enter() as place:
            uploads = await read_batch(request, limits, place.seconds_left)
            read = await place.run(lambda: read_many(recognizer, uploads, limits, place.abandoned))
        counted(read)
        return JSONResponse({"pictures": [_named(upload.name, one) for upload, one in zip(uploads, read, strict=True)]})


def _add_watching(app: FastAPI, recognizer: Recognizer, metrics: Metrics) -> None:
    """The addresses that say how the service does."""

    @app.get(HEALTH, responses=_problems((500,)))
    async def health() -> Health:
        """Whether the service answers; needs no token."""
        return Health(version=mien.__version__, model=recognizer.model.name, gate=str(recognizer.gating))

    text = {"description": "Prometheus' text format.", "content": {"text/plain": {}}}
    answers: dict[int | str, dict[str, Any]] = {200: text, **_problems(_GUARDED)}

    @app.get(METRICS, response_class=Response, responses=answers)
    async def measured() -> Response:
        """Requests, pictures, faces and times, for Prometheus."""
        return Response(metrics.text(), media_type=metrics.content_type)


def _add_errors(app: FastAPI) -> None:
    """Every error is one line of JSON."""

    @app.exception_handler(MienError)
    async def unreadable(_: Request, error: MienError) -> Response:
        unreadable = Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        return refused(error if isinstance(error, Refusal) else unreadable)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        return refused(Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, "; ".join(told["msg"] for told in error.errors())))

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        line = f"{request.method} {request.url.path}: {error.detail}; /openapi.json says what there is"
        response = refused(Refusal(HTTPStatus(error.status_code), line))
        response.headers.update(error.headers or {})
        return response


def _named(name: str, read: list[Face] | MienError) -> dict[str, Any]:
    if isinstance(read, MienError):
        return {"picture": name, "faces": None, "error": str(read)}
    return {"picture": name, "faces": [face.to_dict() for face in read], "error": None}


def _problems(statuses: tuple[int, ...]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}
