"""Programs that are used in a browser: started, waited for, shown in Chromium without a screen, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.editors.workplace import program

PATIENCE = 60_000  # milliseconds for anything to show
START = 60  # seconds until a program answers
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
PICTURES = os.environ.get("OPTLINT_PICTURES")  # a folder, if pictures for the docs are wanted


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program("chromium"), args=QUIET)
        yield browser
        browser.close()


@contextmanager
def serving(command: list[str], url: str, environment: dict[str, str], folder: Path) -> Iterator[None]:
    """A program that answers at an address, with all that it starts."""
    with open(folder / "serving.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        _wait_for(url, folder / "serving.log")
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(START)


def _wait_for(url: str, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(url).close()
            return
        except urllib.error.HTTPError as answer:
            answer.close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(log.read_text(encoding="utf-8"))


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def picture(page: Any, name: str) -> None:
    """A picture of the page for the docs, if asked for."""
    if PICTURES:
        page.wait_for_timeout(1500)  # until what fades has faded
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))
