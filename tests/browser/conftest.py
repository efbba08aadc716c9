"""Chromium without a screen, driven by Playwright; pages are opened from files, as users do."""

from __future__ import annotations

import json
import shutil
from linecache import getlines

import pytest

from optlint.output.picture import page as picture
from optlint.pages import page as rule_page

QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(__file__.rpartition("/")[0]):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium, tmp_path):
    """A function that opens the picture of a report; whatever the page complains of fails the test."""
    complaints, opened = [], []

    def open_picture(report, width=1280, height=900, dark=False):
        path = tmp_path / f"{len(opened)}.html"
        html = picture(json.loads(json.dumps(report)), getlines, rule_page)
        path.write_text(html, encoding="utf-8")
        scheme = "dark" if dark else "light"
        page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.append(page)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message) or dialog.dismiss())
        page.on("request", lambda request: complaints.append(request.url) if request.url != path.as_uri() else None)
        page.goto(path.as_uri())
        page.wait_for_selector("#treemap rect.tile")
        return page

    yield open_picture
    for page in opened:
        page.close()
    assert complaints == []
