"""The page in a real browser, without a screen."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime")
pytest.importorskip("prometheus_client")
pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")
pytest.importorskip("yaml")

from edgereg.serve.board import Reading
from edgereg.serve.film import can_film
from edgereg.serve.server import Service
from tests.edgereg.serve.browser import CHROMIUM, Page, browser
from tests.edgereg.serve.client import running, until

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")

Serve = Callable[..., Service]
VIEW_TOKEN = "fedcba9876543210"  # noqa: S105
LOADED = "document.querySelectorAll('article img')[{place}]?.naturalWidth > 0"
LABELS = "[...document.querySelectorAll('#detail canvas.chart')].map((each) => each.ariaLabel)"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture
def page(chromium: Page) -> Iterator[Page]:
    """A page that must not complain, of a script's error or of what the policy forbids."""
    chromium.complaints.clear()
    yield chromium
    chromium.open("about:blank")
    assert chromium.complaints == []


@pytest.fixture
def service(serve: Serve, clip: Callable[..., Path], tmp_path: Path) -> Service:
    path = str(clip(size=(160, 120)))
    made = serve(
        {
            "door": {"source": path, "loop": True},
            "desk": {"source": path, "loop": True, "tasks": ["pointed"]},
        },
        media=[str(tmp_path)],
    )
    until(running(made, "door", "desk"))
    return made


def test_every_source_has_a_tile_with_its_picture_and_state(service: Service, page: Page) -> None:
    page.open(service.address)
    for place in (0, 1):
        page.until(LOADED.format(place=place))
    assert page.value("document.getElementById('summary').textContent") == "2 of 2 running"
    assert page.value("[...document.querySelectorAll('h2')].map((each) => each.textContent)") == [
        "door",
        "desk",
    ]
    page.until("document.querySelector('.state').textContent === 'running'")
    picture = "document.querySelector('article img').src"
    first = page.value(picture)
    page.until(f"{picture} !== {json.dumps(first)}")


def test_a_source_shows_its_live_picture_curves_density_and_times(
    service: Service, page: Page
) -> None:
    page.open(f"{service.address}#door")
    page.until("document.querySelector('#detail img')?.naturalWidth === 160")
    labels = page.until(f"{LABELS}.length === 6 && {LABELS}")
    assert [each.split(" by track: ")[0] for each in labels[:3]] == ["red", "green", "blue"]
    assert all(label.startswith("density of ") for label in labels[3:])
    text = page.value("document.getElementById('detail').textContent")
    for each in ("colour.predict", "Dropped", "red (grey)"):
        assert each in text
    drawn = (
        "(() => { const c = document.querySelector('canvas.chart'); return c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data.some((each) => each > 0); })()"
    )
    page.until(drawn)


@pytest.mark.skipif(not can_film(), reason="this PyAV has no H.264 encoder")
def test_the_lean_picture_plays_and_stays_at_the_latest_one(service: Service, page: Page) -> None:
    page.open(f"{service.address}#door")
    if not page.value("MediaSource.isTypeSupported('video/mp4; codecs=\"avc1.42c01f\"')"):
        pytest.skip("this Chromium has no H.264")
    page.click("Lean picture")
    video = "document.querySelector('#detail video')"
    page.until(f"{video}.videoWidth === 160 && {video}.currentTime > 1")
    behind = f"{video}.buffered.end(0) - {video}.currentTime"
    page.until(f"{behind} < 1")
    assert page.value("document.querySelector('#detail img').hidden") is True
    page.click("Lean picture")
    page.until("document.querySelector('#detail img').naturalWidth === 160")
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("film ")])


def test_the_wall_says_when_nothing_is_heard(service: Service, page: Page) -> None:
    page.open(f"{service.address}#wall")
    page.until(LOADED.format(place=0))
    assert page.value("document.querySelector('header').checkVisibility()") is False
    service.stop()
    page.until("document.querySelector('header').checkVisibility()")
    assert "no answer" in page.value("document.getElementById('summary').textContent")


def test_a_source_is_stopped_and_started_with_a_button(service: Service, page: Page) -> None:
    page.open(f"{service.address}#door")
    page.click("Stop")
    until(lambda: service.workers["door"].state == "stopped")
    page.click("Start")
    until(running(service, "door"))
    page.until("document.querySelector('#detail .state').textContent === 'running'")


def test_a_box_is_drawn_with_the_mouse_and_with_keys(service: Service, page: Page) -> None:
    page.open(f"{service.address}#desk")
    page.until("document.querySelector('#detail img')?.naturalWidth === 160")
    page.click("Draw a box to track")
    left, top, width, height = page.value(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.querySelector('#detail img').getBoundingClientRect())"
    )
    start, end = (left + 0.25 * width, top + 0.25 * height), (left + 0.5 * width, top + height / 2)
    page.drag(start, end)
    page.until(
        "[...document.querySelectorAll('button')].some((b) => b.textContent === 'Forget #1')"
    )
    at_work = service.workers["desk"].at_work
    assert at_work is not None
    assert at_work.settings.prompts[0].box == pytest.approx((40, 30, 80, 60), abs=1)
    page.click("Draw a box to track")
    page.press("ArrowLeft")
    page.press("ArrowDown", shift=True)
    page.press("Enter")
    until(lambda: len(at_work.settings.prompts) == 2)
    assert at_work.settings.prompts[1].box == pytest.approx((60.8, 42, 92.8, 80.4), abs=0.1)
    page.click("Forget #1")
    until(lambda: [each.track for each in at_work.settings.prompts] == [2])


def fill(page: Page, name: str, value: str) -> None:
    page.until(f"document.querySelector('dialog [name={name}]')")
    page.value(f"document.querySelector('dialog [name={name}]').value = {json.dumps(value)}")


def test_a_source_is_added_changed_and_removed_with_dialogs(
    service: Service, page: Page, tmp_path: Path
) -> None:
    page.open(service.address)
    page.click("Add a source")
    fill(page, "name", "yard")
    fill(page, "source", "/etc/passwd")
    page.value("document.querySelectorAll('dialog [name=tasks]').forEach((e) => e.click())")
    page.value("document.querySelector('dialog [value=colour]').checked = true")
    page.click("Add")
    page.until("document.querySelector('.mistakes').textContent.includes('source: over HTTP')")
    fill(page, "source", str(tmp_path / "clip.mp4"))
    page.value("document.querySelector('dialog [name=loop]').checked = true")
    page.click("Add")
    page.until("document.querySelector('#detail h2')?.textContent === 'yard'")
    page.click("Settings")
    page.until("document.querySelector('dialog[open] h2')?.textContent.startsWith('Change')")
    page.value("document.querySelector('dialog [name=refine]').click()")
    page.click("Change")
    until(lambda: service.workers["yard"].config.refine is False)
    page.until("!document.querySelector('dialog').open")
    page.click("Remove")
    page.until("document.querySelector('dialog[open] h2')?.textContent.startsWith('Remove')")
    page.value("document.querySelector('dialog [type=submit]').click()")
    until(lambda: "yard" not in service.workers)
    page.until("!document.getElementById('tiles').hidden")


def test_who_may_only_look_sees_no_buttons_that_change(
    serve: Serve, clip: Callable[..., Path], tmp_path: Path, page: Page
) -> None:
    (tmp_path / "view").write_text(VIEW_TOKEN)
    source = {"source": str(clip()), "loop": True}
    service = serve({"door": source}, view_token_file=tmp_path / "view")
    page.open(service.address)
    page.until("document.body.textContent.includes('a token is needed')")
    page.open(f"{service.address}?token={VIEW_TOKEN}")
    page.until(LOADED.format(place=0))
    assert page.value("location.search") == ""
    assert page.value("document.getElementById('add').checkVisibility()") is False
    page.value("location.hash = 'door'")
    page.until("document.querySelector('#detail canvas.chart')")
    seen = page.value(
        "[...document.querySelectorAll('#detail .bar button')]"
        ".filter((each) => each.checkVisibility()).map((each) => each.textContent)"
    )
    assert seen in (["Full screen"], ["Lean picture", "Full screen"])


def test_the_board_and_the_configurations_mistakes_are_shown(
    service: Service, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgereg.serve import web

    found = [Reading("GPU", "temperature", 51.5), Reading("VDD_IN", "power", 7.25)]
    monkeypatch.setattr(web, "readings", lambda: found)
    page.open(service.address)
    page.until("document.getElementById('board').textContent === 'GPU 51.5 °CVDD_IN 7.3 W'")
    assert page.value("document.getElementById('mistake').hidden") is True


@pytest.mark.parametrize("place", ["", "#door", "#wall"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_off_and_everything_has_a_name(
    service: Service, page: Page, place: str, width: int
) -> None:
    page.open(f"{service.address}{place}", width=width, height=844)
    page.until(
        "document.querySelector('#detail canvas.chart')"
        if place == "#door"
        else LOADED.format(place=0)
    )
    assert page.value("document.documentElement.scrollWidth") <= width
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    wanted = {"button", "link", "combobox", "image", "checkbox", "textbox", "canvas"}
    unnamed = [
        node["role"]["value"]
        for node in nodes
        if not node.get("ignored")
        and node["role"]["value"] in wanted
        and not node.get("name", {}).get("value")
    ]
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_words_stand_out_in_both_schemes(service: Service, page: Page, scheme: str) -> None:
    page.open(service.address, scheme=scheme)
    page.until(LOADED.format(place=0))
    names = ["text", "dim", "accent", "warning", "good", "bad"]
    values: dict[str, str] = page.value(
        f"Object.fromEntries({[*names, 'panel', 'window', 'raised']}.map((name) => [name, "
        "getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()]))"
    )
    for name in names:
        for ground in ("panel", "window"):
            assert contrast(values[name], values[ground]) >= 4.5, (name, ground)
    assert contrast(values["text"], values["raised"]) >= 4.5


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2 between two colours, from 1 to 21."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * each for each in digits) if len(digits) == 3 else digits
    shares = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
