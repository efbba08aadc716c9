"""Child processes of a watched program notice nothing of it, whatever Python they are."""

from __future__ import annotations

import sys

import pytest

from optlint.auditing.processes.plan import FOLLOW
from tests.audit import training
from tests.audit.programs import Folder

ASK = """\
    import os, subprocess, sys
    question = \"\"\"if True:
        import os, sys
        site = sys.modules.get("sitecustomize")
        print(sys.path, site and site.__file__, getattr(sys, "was_here", None), sys.flags)
        print(sorted(name for name in sys.modules if name.startswith(("torch", "json", "re", "typing", "libcst"))))
        print(sys.meta_path if os.environ.get("SHOW") else "")
        \"\"\"
    for options in ([], ["-E"], ["-I"], ["-s", "-B", "-W", "error", "-X", "dev"]):
        done = subprocess.run([sys.executable, *options, "-c", question], capture_output=True, text=True)
        print(options, done.returncode, done.stdout, done.stderr)
    """


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def same(folder, *program, **variables):
    native = folder.python(*program, **variables)
    audited = folder.audited(*program, **variables)
    assert audited[:2] == native[:2]
    return native


def test_a_child_sees_what_it_sees_without_us(folder):
    assert same(folder, folder.write("asks.py", ASK)).out


def test_a_sitecustomize_of_the_users_runs_in_every_child(folder):
    folder.write("users/sitecustomize.py", "import sys\nsys.was_here = True\n")
    native = same(folder, folder.write("asks.py", ASK), PYTHONPATH="users")
    assert native.out.count("True") >= 2


def test_an_error_in_the_users_sitecustomize_is_shown_as_without_us(folder):
    folder.write("users/sitecustomize.py", "1 / 0\n")
    assert "ZeroDivisionError" in same(folder, folder.write("asks.py", ASK), PYTHONPATH="users").out


def test_empty_entries_of_pythonpath_stay(folder):
    folder.write("here.py", "print('found in the current folder')\n")
    text = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import here'], cwd=sys.argv[1])\n"
    script = folder.write("scripts/starts.py", text)
    for pythonpath in (":/nowhere", "/nowhere:", "/nowhere"):
        same(folder, script, ".", PYTHONPATH=pythonpath)


def test_the_environment_gains_two_variables_for_children_and_nothing_else(folder):
    text = "import json, os\njson.dump(dict(os.environ), open('environment.json', 'w'))\n"
    script = folder.write("shows.py", text)
    folder.python(script, PYTHONPATH="/somewhere")
    native = folder.json("environment.json")
    folder.audited(script, PYTHONPATH="/somewhere")
    audited = folder.json("environment.json")
    assert audited.pop("OPTLINT_RUN")
    assert audited.pop("PYTHONPATH") == f"{FOLLOW}:{native.pop('PYTHONPATH')}"
    assert audited == native


def test_a_child_that_outlives_the_run_is_silent(folder):
    text = """\
        import subprocess, sys
        code = "import time; time.sleep(2); import broken"
        subprocess.Popen([sys.executable, "-c", code], stdout=open("out", "w"), stderr=open("err", "w"))
        """
    folder.write("broken.py", training.BROKEN)
    assert folder.audited(folder.write("leaves.py", text)).code == 0
    folder.python("-c", "import time\nwhile not open('out').read(): time.sleep(0.1)\ntime.sleep(2)")
    assert (folder.path / "err").read_text() == ""


def test_a_run_within_a_run_writes_its_own_report(folder):
    text = """\
        import subprocess, sys
        command = [sys.executable, "-m", "optlint", "run", "--report", "inner.json", "--fail-on", "error", "broken.py"]
        sys.exit(subprocess.run(command, stderr=subprocess.DEVNULL).returncode)
        """
    folder.write("broken.py", training.BROKEN)
    assert folder.audited("--report", "outer.json", folder.write("runs.py", text)).code == 1
    assert len(folder.json("inner.json")["optimizers"]) == 1
    assert folder.json("outer.json")["optimizers"] == []


def test_a_child_without_site_packages_runs(folder):
    text = "import os, sys\nos.execv(sys.executable, [sys.executable, '-S', '-c', 'print(1)'])\n"
    assert same(folder, folder.write("becomes.py", text)).out == "1\n"


def test_the_folder_for_children_holds_one_module():
    from pathlib import Path

    assert [path.name for path in Path(FOLLOW).glob("*.py")] == ["sitecustomize.py"]
    assert FOLLOW not in sys.path
