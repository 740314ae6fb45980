"""The service keeps its own OpenAPI description, whatever Schemathesis makes of it."""

from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra 'serve'")
pytest.importorskip("schemathesis", reason="needs the extra 'dev'")

import hypothesis
import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance
from serving import picture

from mien.recognition.recognizer import Recognizer
from mien.service.api import BATCH, FACES, HEALTH, METRICS, create_app
from mien.service.limits import Limits

LOCAL = {"Host": "localhost"}
app = create_app(Recognizer(threads=1), Limits(at_once=1))
schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=LOCAL)
PICTURES = hypothesis.strategies.sampled_from([picture(9, 9), picture(64, 48, "JPEG"), b"no picture", b""])
schemathesis.openapi.media_type("image/*", PICTURES)


@schema.parametrize()
@hypothesis.settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(hypothesis.HealthCheck)
)
def test_answers_are_as_described(case: Any) -> None:
    # A description cannot say which bytes are a picture.
    case.call_and_validate(headers=LOCAL, excluded_checks=[positive_data_acceptance])


def test_every_address_is_described() -> None:
    assert set(app.openapi()["paths"]) == {FACES, BATCH, HEALTH, METRICS}
