"""A picture that was chosen, a file that was shared and a camera that was opened stay, whatever else happens then."""

import base64

import pytest
from pages import ASTRONAUT, AnyExpression, App, Start

from mien.server.serving import AppServer

CLOSE = ".tools button"
OPEN = ".welcome-actions button"


def drop(app: App, after: str = "") -> None:
    app.drop("astronaut.jpg", ASTRONAUT.read_bytes(), "image/jpeg", after)


@pytest.mark.parametrize("screen", ["Models", "History", "About"])
def test_a_picture_that_comes_on_another_screen_is_read(start: Start, screen: str) -> None:
    app = start(camera=False)
    app.go(screen)
    app.page.locator("h1", has_text=screen).locator("visible=true").wait_for()
    drop(app)
    app.word(AnyExpression)
    assert app.page.evaluate("location.hash") == "#camera"


def test_a_picture_that_comes_before_the_screen_is_shown_that_was_gone_to_is_read(start: Start) -> None:
    app = start(camera=False)
    app.go("History")
    app.page.locator("h1", has_text="History").locator("visible=true").wait_for()
    drop(app, after="nav a[href='#camera']")
    app.word(AnyExpression)


def test_a_picture_that_comes_while_a_dialog_is_open_is_seen(start: Start) -> None:
    app = start()
    app.open_camera()
    app.word(AnyExpression)
    app.press("More")
    drop(app)
    app.expect(".verdict").to_contain_text("One face found")
    assert app.page.locator("dialog[open]").count() == 0


def test_a_picture_that_comes_while_the_app_starts_is_read(start: Start, server: AppServer) -> None:
    app = start(camera=False, at="about:blank")
    app.page.route("**/models.json", lambda route: route.fulfill(body="broken"))
    app.page.goto(server.address)
    app.page.get_by_role("alert").wait_for()
    drop(app)  # nothing can be done with it before the app is there
    app.page.unroute_all()
    app.press("Try again")
    app.word(AnyExpression)


def test_what_is_begun_while_the_browser_still_steps_back_stays(start: Start) -> None:
    app = start()
    drop(app)
    app.word(AnyExpression)
    drop(app, after=".dock-side.back")
    app.expect(".verdict").to_contain_text("One face found")
    app.press("Back")
    app.expect(".welcome").to_be_visible()
    app.open_camera()
    app.word(AnyExpression)
    app.page.evaluate("all => all.forEach(one => document.querySelector(one).click())", [CLOSE, OPEN])
    app.page.wait_for_timeout(500)
    app.word(AnyExpression)
    # The browser's own "back" still leads to the first screen, and closes the camera.
    app.page.go_back()
    app.expect(".welcome").to_be_visible()
    assert app.page.locator("video").evaluate("video => video.srcObject") is None


def test_a_camera_outlives_a_page_that_stands_still(start: Start) -> None:
    app = start()
    app.page.add_init_script("""
        const { prototype } = HTMLVideoElement;
        const ask = prototype.requestVideoFrameCallback;
        prototype.requestVideoFrameCallback = function (told) {
            return ask.call(this, (...frame) => setTimeout(() => told(...frame), window.late ?? 0));
        };
    """)
    app.page.reload()
    app.open_camera()
    app.word(AnyExpression)
    # The page hears of the next frame only after it has been busy for longer than a camera may be silent.
    app.page.evaluate("() => void (window.late = 8500)")
    app.page.wait_for_timeout(500)
    app.page.evaluate(
        "() => { const end = performance.now() + 7000; while (performance.now() < end); window.late = 0; }"
    )
    app.page.wait_for_timeout(1000)
    app.expect(".shutter").to_be_enabled(timeout=2000)
    assert app.page.locator("video").evaluate("video => video.srcObject !== null")


def test_a_picture_outlives_an_engine_that_could_not_be_loaded(start: Start, server: AppServer) -> None:
    app = start(at="about:blank")
    # The service worker would have the engine at hand.
    app.page.add_init_script("navigator.serviceWorker.register = () => new Promise(() => {})")
    app.page.route("**/assets/worker-*.js", lambda route: route.abort())
    app.page.goto(server.address)
    app.page.wait_for_timeout(500)  # the engine fails while the first screen is read
    drop(app)
    app.expect(".model-status").to_contain_text("could not be run here")
    app.page.unroute_all()
    app.press("Try again")
    app.word(AnyExpression)


def test_another_language_keeps_the_picture_and_the_camera(start: Start) -> None:
    app = start()
    app.go("History")
    app.page.get_by_label("Keep a history").check()
    app.go("Camera")
    drop(app)
    app.expect(".verdict").to_contain_text("Kept in the history")
    shares = app.page.locator(".bar-share").all_text_contents()

    def speak(language: str) -> None:
        with app.page.expect_navigation():
            app.page.locator(".more select").evaluate(
                "(select, code) => { select.value = code; select.dispatchEvent(new Event('change')); }", language
            )

    speak("de")
    app.expect(".result:not(.empty) .result-word").to_be_visible()
    assert [share.replace("\xa0", "") for share in app.page.locator(".bar-share").all_text_contents()] == shares
    app.page.locator(".dock-side.back").click()
    app.page.locator(OPEN).first.click()
    app.expect(".result:not(.empty) .result-word").to_be_visible()
    speak("en")
    app.word(AnyExpression)
    assert app.page.locator("video").evaluate("video => video.srcObject !== null")
    app.go("History")
    app.expect(".history-list img").to_have_count(1)


def share(app: App, file: bytes | None) -> None:
    """Another app shares a file with this one; None for one that never arrives."""
    app.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    app.page.reload()  # the worker answers from now on
    app.page.wait_for_timeout(1000)  # the page has looked whether something was shared
    app.page.evaluate(
        """async (content) => {
            const form = new FormData();
            const bytes = Uint8Array.from(atob(content ?? ""), (letter) => letter.charCodeAt(0));
            if (content) form.append("file", new File([bytes], "shared.jpg", { type: "image/jpeg" }));
            await fetch("share", { method: "POST", body: form });
        }""",
        file and base64.b64encode(file).decode(),
    )


def test_a_shared_picture_waits_until_the_camera_screen_is_shown(start: Start) -> None:
    app = start(camera=False)
    share(app, ASTRONAUT.read_bytes())
    app.page.goto(f"{app.address}?shared#models")
    app.page.locator("h1", has_text="Models").locator("visible=true").wait_for()
    app.page.evaluate("""() => {
        // The store is slow, and the user does not wait for it.
        const { match } = Cache.prototype;
        Cache.prototype.match = async function (...asked) {
            await new Promise((resolve) => setTimeout(resolve, 500));
            return match.apply(this, asked);
        };
    }""")
    app.go("Camera")
    app.expect(".welcome").to_be_visible()
    app.go("About")
    app.word(AnyExpression)


def test_a_shared_file_that_never_arrives_is_said(start: Start) -> None:
    app = start(camera=False)
    share(app, None)
    app.page.goto(f"{app.address}?shared")
    app.expect(".verdict.refused").to_contain_text("not a picture or video")
    app.page.reload()
    app.expect(".welcome").to_be_visible()


def test_a_broken_video_does_not_take_the_place_of_the_picture_after_it(start: Start) -> None:
    app = start(camera=False)
    app.drop("broken.mp4", b"no video", "video/mp4")
    drop(app)
    app.word(AnyExpression)
    app.page.wait_for_timeout(500)
    app.expect(".verdict").to_contain_text("One face found")
