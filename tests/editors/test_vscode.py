"""The extension in code-server, which is VS Code behind a web page; driven in Chromium as a user would."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pytest

from tests.editors.web import PATIENCE, chromium, free_port, picture, serving
from tests.editors.workplace import BROKEN, MENDED, ROOT, SAVED, SAYS, Workplace, blocks, program

pytestmark = pytest.mark.editor

EXTENSION = ROOT / "editors" / "vscode" / "optlint.vsix"
SQUIGGLE = ".squiggly-error"
MENDS = "list(model.parameters())"
QUIET = {  # what would only stand between us and the code
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "extensions.ignoreRecommendations": True,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "window.menuBarVisibility": "compact",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}


class Code:
    """VS Code, open in a browser, in the project of a workplace."""

    def __init__(self, browser, workplace, url):
        self.workplace = workplace
        self.page = browser.new_page(viewport={"width": 960, "height": 480})
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(f"{url}/?folder={workplace.project}")
        self.page.get_by_role("treeitem", name="train.py").wait_for()

    def open(self, name):
        self.page.get_by_role("treeitem", name=name).first.dblclick()
        self.page.get_by_role("tab", name=name).wait_for()

    def command(self, title):
        self.page.keyboard.press("F1")
        self.page.locator(".quick-input-widget input[type=text]").fill(f">{title}")
        self.page.get_by_role("option", name=title).first.click()

    def underlined(self):
        """The middle of what is underlined."""
        box = self.page.locator(SQUIGGLE).filter(visible=True).bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def squiggles(self, count):
        self.count(SQUIGGLE, count)

    def count(self, selector, count, **which):
        """Wait until so many of these are to be seen."""
        found = self.page.locator(selector, **which).filter(visible=True)
        end = time.monotonic() + PATIENCE / 1000
        while found.count() != count:
            assert time.monotonic() < end, (selector, found.count())
            self.page.wait_for_timeout(100)

    def settings(self, **settings):
        path = self.workplace.project / ".vscode" / "settings.json"
        self.workplace.write(path, json.dumps({name.replace("_", "."): value for name, value in settings.items()}))

    def saved(self, name, text):
        """Wait until this text is in a file."""
        end = time.monotonic() + PATIENCE / 1000
        while text not in (found := (self.workplace.project / name).read_text(encoding="utf-8")):
            assert time.monotonic() < end, found
            time.sleep(0.1)


def python_extension(workplace):
    """What takes the place of the Python extension: it selects the interpreter that `standin.python` names."""
    extension = workplace.home / "python.vsix"
    manifest = {
        "name": "python",
        "publisher": "ms-python",
        "version": "2026.1.0",
        "engines": {"vscode": "^1.91.0"},
        "main": "main.js",
        "activationEvents": [],
        "contributes": {"configuration": {"properties": {"standin.python": {"type": "string"}}}},
    }
    with zipfile.ZipFile(extension, "w") as archive:
        archive.writestr("extension/package.json", json.dumps(manifest))
        archive.writestr("extension/main.js", PYTHON_EXTENSION)
    return extension


PYTHON_EXTENSION = """
const vscode = require("vscode");
exports.activate = () => {
  const changed = new vscode.EventEmitter();
  vscode.workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("standin") && changed.fire());
  return {
    environments: {
      onDidChangeActiveEnvironmentPath: changed.event,
      getActiveEnvironmentPath: () => ({ path: vscode.workspace.getConfiguration("standin").get("python") }),
      resolveEnvironment: async ({ path }) => path ? { executable: { uri: vscode.Uri.file(path) } } : undefined,
    },
  };
};
"""


@pytest.fixture(scope="module")
def code_server(tmp_path_factory):
    """A running code-server with the extension, and the project that it shows; its `.venv` has optlint."""
    command = program("code-server")
    if not EXTENSION.exists():
        pytest.skip("the extension is not built: npm ci && npm run package in editors/vscode")
    workplace = Workplace(tmp_path_factory.mktemp("vscode"))
    workplace.write_notebook("train.ipynb")
    data = workplace.home / "data"
    places = ["--user-data-dir", str(data), "--extensions-dir", str(workplace.home / "extensions")]
    fix_on_save, *_ = blocks("vscode", "json")
    workplace.write(data / "User" / "settings.json", json.dumps({**QUIET, **json.loads(fix_on_save)}))
    environment = workplace.environment
    installed = workplace.project / ".venv" / "bin" / "optlint"
    workplace.write(installed, workplace.optlint.read_text()).chmod(0o755)
    workplace.optlint.unlink()
    for extension in (EXTENSION, python_extension(workplace)):
        subprocess.run([command, *places, "--install-extension", str(extension)], env=environment, check=True)
    address = f"127.0.0.1:{free_port()}"
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    start = [command, *quiet, *places, "--bind-addr", address, str(workplace.project)]
    with serving(start, f"http://{address}/healthz", environment, workplace.home), chromium() as browser:
        yield browser, workplace, f"http://{address}"


@pytest.fixture
def code(code_server):
    """VS Code as it is when it has just been opened; the project is as it was at first."""
    _, workplace, _ = code_server
    workplace.write(workplace.project / "train.py", BROKEN)
    workplace.write_notebook("train.ipynb")
    shutil.rmtree(workplace.project / ".vscode", ignore_errors=True)
    opened = Code(*code_server)
    yield opened
    opened.page.close()


def test_shows_a_diagnostic_and_mends_it(code):
    code.open("train.py")
    code.squiggles(1)
    code.page.mouse.move(*code.underlined())
    hover = code.page.locator(".monaco-hover", has_text="first used here")
    hover.first.wait_for()
    told = re.sub(r"\s+", " ", hover.first.inner_text())
    assert SAYS in told
    assert "OPT101" in told
    assert "the iterator is made here" in told
    picture(code.page, "vscode-hover")
    code.page.keyboard.press("Escape")
    code.page.mouse.click(*code.underlined())
    code.page.keyboard.press("Control+.")
    menu = code.page.locator(".action-widget .monaco-list-row.action")
    menu.first.wait_for()
    assert menu.all_inner_texts() == ["keep a list", "ignore OPT101 reused-parameter-iterator for this line"]
    picture(code.page, "vscode-quick-fix")
    code.page.keyboard.press("Enter")
    code.page.locator(".view-line", has_text=MENDS).wait_for()
    code.squiggles(0)


def test_mends_on_save(code):
    code.open("train.py")
    code.squiggles(1)
    code.page.mouse.click(*code.underlined())
    code.page.keyboard.press("Control+End")
    code.page.keyboard.type("# the end\n")
    code.page.keyboard.press("Control+s")
    code.saved("train.py", SAVED)
    code.squiggles(0)


def test_mends_all_by_a_command(code):
    code.open("train.py")
    code.squiggles(1)
    code.page.mouse.click(*code.underlined())
    code.command("optlint: Fix All That Can Be Fixed Safely")
    code.page.locator(".view-line", has_text=MENDS).wait_for()
    code.squiggles(0)


def test_shows_and_mends_a_notebook(code):
    code.open("train.py")
    code.squiggles(1)  # by now VS Code knows what a notebook is
    code.open("train.ipynb")
    first, second = (code.page.locator(".code-cell-row").nth(at) for at in (0, 1))
    second.locator(SQUIGGLE).wait_for()
    code.squiggles(1)
    picture(code.page, "vscode-notebook")
    code.page.mouse.click(*code.underlined())
    code.page.keyboard.press("Control+.")
    code.page.locator(".action-widget .monaco-list-row.action", has_text="keep a list").click()
    first.locator(".view-line", has_text=MENDS).wait_for()
    code.squiggles(0)
    code.page.keyboard.press("Control+s")
    code.saved("train.ipynb", "params = list(model.parameters())")


def test_mends_a_notebook_on_save(code):
    code.open("train.py")
    code.squiggles(1)
    code.open("train.ipynb")
    code.page.locator(".code-cell-row").nth(1).locator(SQUIGGLE).wait_for()
    code.page.mouse.click(*code.underlined())
    code.page.keyboard.press("Control+End")
    code.page.keyboard.type("  # the end")
    code.page.keyboard.press("Control+s")
    code.saved("train.ipynb", "# the end")
    code.saved("train.ipynb", "params = list(model.parameters())")


def test_starts_again_on_request_and_says_what_it_starts(code):
    code.open("train.py")
    code.squiggles(1)
    code.command("optlint: Restart Server")
    code.command("optlint: Show Output")
    code.count(".panel .view-line", 2, has_text=re.compile(r"\[info\]\s+optlint\s"))
    code.count(".panel .view-line", 2, has_text=".venv/bin/optlint")
    code.squiggles(1)


def test_follows_the_interpreter_that_the_python_extension_selects(code):
    code.open("train.py")
    code.squiggles(1)
    elsewhere = code.workplace.home / "elsewhere" / "bin"
    started = code.workplace.project / ".venv" / "bin" / "optlint"
    code.workplace.write(elsewhere / "optlint", started.read_text()).chmod(0o755)
    code.settings(standin_python=str(elsewhere / "python"))
    code.command("optlint: Show Output")
    code.count(".panel .view-line", 1, has_text="elsewhere/bin/optlint")
    code.squiggles(1)


def test_can_be_turned_off_and_on(code):
    code.open("train.py")
    code.squiggles(1)
    code.settings(optlint_enable=False)
    code.squiggles(0)
    code.settings(optlint_enable=True)
    code.squiggles(1)


def test_says_how_to_install_what_is_not_there(code):
    code.settings(optlint_path=str(Path("nowhere") / "optlint"))
    code.open("train.py")
    message = code.page.locator(".notification-toast", has_text="optlint was not found")
    message.wait_for()
    assert '-m pip install "optlint[lsp]"' in message.inner_text()
    picture(code.page, "vscode-absent")
    assert code.page.locator(SQUIGGLE).count() == 0
    code.settings(optlint_path="${workspaceFolder}/.venv/bin/optlint")
    code.squiggles(1)
    code.settings(optlint_path=str(Path("nowhere") / "optlint"))
    code.squiggles(0)
    code.settings(optlint_path="sh", optlint_args=[".venv/bin/optlint"])
    code.squiggles(1)


def test_says_why_a_server_does_not_start(code):
    refusing = code.workplace.write(code.workplace.home / "optlint", REFUSING)
    refusing.chmod(0o755)
    code.settings(optlint_path=str(refusing))
    code.open("train.py")
    code.page.locator(".notification-toast", has_text="the language server needs pygls").wait_for()
    code.count(".notification-toast", 1)
    code.settings()
    code.squiggles(1)


REFUSING = """\
#!/bin/sh
[ "$1" = --version ] && echo optlint 0.1.0 && exit
echo "optlint: the language server needs pygls" >&2
exit 2
"""


def test_settings_reach_the_server(code):
    code.open("train.py")
    code.squiggles(1)
    code.settings(optlint_ignore=["OPT1"])
    code.squiggles(0)
    assert (code.workplace.project / "train.py").read_text() == BROKEN != MENDED
