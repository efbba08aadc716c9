"""JupyterLab with jupyterlab-lsp, set up both ways that its page shows; driven in Chromium."""

from __future__ import annotations

import sys

import pytest

from tests.editors.web import PATIENCE, chromium, free_port, picture, serving
from tests.editors.workplace import MENDED, SAYS, Workplace, blocks, program

pytestmark = pytest.mark.editor

UNDERLINED = ".cm-lintRange-error"
NOTIFICATIONS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"


def alone(workplace):
    (configuration,) = blocks("jupyterlab", "json")
    workplace.write(workplace.home / ".jupyter" / "jupyter_server_config.d" / "optlint.json", configuration)
    alone = "c.LanguageServerManager.autodetect = False\n"
    workplace.write(workplace.home / ".jupyter" / "jupyter_server_config.py", alone)


def within_pylsp(workplace):
    program("pylsp")
    workplace.optlint.unlink()


@pytest.fixture(scope="module", params=[alone, within_pylsp])
def lab(request, tmp_path_factory):
    """A page of Chromium, and the address of a JupyterLab that shows the project."""
    pytest.importorskip("jupyterlab_lsp")
    workplace = Workplace(tmp_path_factory.mktemp("lab"))
    workplace.write_notebook("train.ipynb")
    workplace.write(workplace.home / ".jupyter" / "lab" / "user-settings" / NOTIFICATIONS, '{"fetchNews": "false"}')
    request.param(workplace)
    port = free_port()
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    settings = ["--IdentityProvider.token=", "--LabApp.news_url=None", f"--ServerApp.root_dir={workplace.project}"]
    url = f"http://127.0.0.1:{port}"
    with serving([*command, *settings], f"{url}/api", workplace.environment, workplace.home), chromium() as browser:
        page = browser.new_page(viewport={"width": 960, "height": 480})
        page.set_default_timeout(PATIENCE)
        yield page, f"{url}/lab/tree"


def test_shows_what_is_wrong_in_a_file_until_it_is_mended(lab):
    page, url = lab
    page.goto(f"{url}/train.py?reset")
    wrong = page.locator(UNDERLINED)
    wrong.wait_for()
    assert wrong.inner_text() == "params"
    wrong.hover()
    told = page.locator(".cm-tooltip", has_text=SAYS)
    told.wait_for()
    page.locator(".cm-content").click(position={"x": 5, "y": 200})
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(MENDED)
    wrong.wait_for(state="detached")


def test_shows_what_is_wrong_in_a_notebook(lab):
    page, url = lab
    page.goto(f"{url}/train.ipynb?reset")
    wrong = page.locator(UNDERLINED)
    wrong.wait_for()
    assert wrong.inner_text() == "params"
    assert page.locator(".jp-CodeCell").nth(1).locator(UNDERLINED).count() == 1
    wrong.hover()
    page.locator(".cm-tooltip", has_text=SAYS).wait_for()
    picture(page, "jupyterlab-notebook")
