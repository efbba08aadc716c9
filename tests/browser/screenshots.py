"""The screenshots of `docs/picture.md`, made anew: `python -m tests.browser.screenshots` (needs Chromium).

`pngquant --force --ext .png --quality 70-95 docs/images/picture*.png` makes them small afterwards.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, sync_playwright

from tests.browser.conftest import QUIET

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
SMALL = ("run", "examples/small_gpt.py")
LARGE = ("explain", "examples/large_mixture.py:build")


class Shot(NamedTuple):
    """One picture: which page, at which size, in which colours, and what is clicked before."""

    name: str
    page: str
    height: int
    dark: bool = False
    selector: str = ""  # what is clicked; and only this section is shown, if it is one


SHOTS = (
    Shot("picture", "small", 1000),
    Shot("picture-dark", "small", 1000, dark=True),
    Shot("picture-5000", "large", 960),
    Shot("picture-timeline", "small", 1000, selector="#over-time"),
    Shot("picture-table", "small", 1000, selector="section:has(#rows)"),
)


def main() -> None:
    """Run the examples, open their pages, write the images."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        for name, (command, target) in {"small": SMALL, "large": LARGE}.items():
            path = str(Path(folder) / f"{name}.html")
            words = [command, "--report", path, target]
            subprocess.run([sys.executable, "-m", "optlint", *words], cwd=ROOT, check=True, capture_output=True)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        for shot in SHOTS:
            _take(browser, shot, Path(folder) / f"{shot.page}.html")
        browser.close()


def _take(browser: Browser, shot: Shot, path: Path) -> None:
    scheme = "dark" if shot.dark else "light"
    page = browser.new_page(viewport={"width": 1200, "height": shot.height}, color_scheme=scheme)
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    target = IMAGES / f"{shot.name}.png"
    if shot.selector:
        page.locator(shot.selector).screenshot(path=target)
    else:
        page.screenshot(path=target)
    page.close()


if __name__ == "__main__":
    main()
