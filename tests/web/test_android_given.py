"""A picture that the Android app's shell gives to its page, in Chromium: the shell's script runs in the app's page."""

from typing import Any

import pytest
from expectation import ROOT, Expectation
from phone import AGENT, SCREEN, page_files, phone

from mien.recognition.pictures import read_picture
from mien.server.serving import app_folder

SCRIPT = ROOT / "android" / "res" / "raw" / "give.js"
PICTURE = ROOT / "examples" / "astronaut.jpg"


@pytest.fixture(scope="module")
def browser(launch: Any, video: Any, frame: Any) -> Any:
    return launch(video(frame))


def given(browser: Any, files: dict[str, bytes], before: str) -> Any:
    """The page on which the script was run while `before` was shown."""
    context = browser.new_context(user_agent=AGENT, **SCREEN)
    page = context.new_page()
    with phone(files, None) as (address, _):
        page.goto(address + before)
        page.evaluate(SCRIPT.read_text())
        yield page
    context.close()


@pytest.mark.parametrize("before", ["", "index.html#models"])
def test_a_given_picture_is_opened_on_whatever_screen_is_shown(
    browser: Any, expectation: Expectation, before: str
) -> None:
    from playwright.sync_api import expect

    files = page_files()
    if files is None:
        pytest.skip("needs the Android app: make apk")
    for page in given(browser, files | {"given/picture": PICTURE.read_bytes()}, before):
        word = page.locator(".result:not(.empty) .result-word").locator("visible=true")
        expect(word).to_have_text(expectation.word(read_picture(PICTURE)))


def test_a_picture_that_is_gone_leaves_the_page_as_it_was(browser: Any) -> None:
    from playwright.sync_api import expect

    files = page_files()
    if files is None:
        pytest.skip("needs the Android app: make apk")
    for page in given(browser, files, ""):
        expect(page.get_by_role("button", name="Open the camera", exact=True)).to_be_visible()
        assert page.locator(".result:not(.empty)").count() == 0


def test_the_apps_own_pages_are_linked_to_each_other(browser: Any, catalogue: list[dict]) -> None:
    from playwright.sync_api import expect

    # The page as it is built, and the pages that the APK adds.
    pages = [*app_folder().rglob("*.*"), *(ROOT / "android" / "pages").glob("*.html")]
    files = {
        path.relative_to(app_folder() if app_folder() in path.parents else path.parent).as_posix(): path.read_bytes()
        for path in pages
    }
    context = browser.new_context(user_agent=AGENT, **SCREEN)
    page = context.new_page()
    with phone(files, None) as (address, _):
        page.goto(address + "#about")
        page.get_by_role("link", name="Privacy policy").click()
        page.get_by_role("link", name="Licences and notices").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Licences and notices")
        page.get_by_role("link", name="Privacy policy").click()
        page.get_by_role("link", name="Back to the app").click()
        expect(page.get_by_role("button", name="Open the camera", exact=True)).to_be_visible()
    context.close()
