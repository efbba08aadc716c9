from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli import BUG, clean_environment, optlint, plant

CLEAN = "import torch\nmodel = torch.nn.Linear(1, 1)\noptimizer = torch.optim.SGD(model.parameters(), lr=1)\n"
INFO = '[tool.optlint.severity]\nOPT101 = "info"\n'


def test_a_bug_is_found_shown_and_fails(tmp_path: Path) -> None:
    done = optlint("check", cwd=plant(tmp_path, train=BUG, clean=CLEAN))
    assert done.code == 1
    assert done.out.startswith("error[OPT101] reused-parameter-iterator: ")
    assert "--> train.py:8:23\n" in done.out
    assert "8 | optimizer = optim.SGD(params, lr=0.1)\n  |                       ^^^^^^\n" in done.out
    assert "note: " in done.out
    assert done.out.count("\nFound 1 error in 1 of 2 files.\n") == 1
    assert done.err == ""


def test_clean_code_passes(tmp_path: Path) -> None:
    plant(tmp_path, a=CLEAN, b="x = 1\n")
    assert optlint("check", cwd=tmp_path) == (0, "All checks passed: 2 files.\n", "")
    assert optlint("check", "-q", cwd=tmp_path) == (0, "", "")


def test_info_alone_does_not_fail(tmp_path: Path) -> None:
    plant(tmp_path, train=BUG)
    (tmp_path / "pyproject.toml").write_text(INFO)
    done = optlint("check", cwd=tmp_path)
    assert (done.code, "\nFound 1 remark in 1 of 1 file.\n" in done.out) == (0, True)


def test_exit_zero(tmp_path: Path) -> None:
    assert optlint("check", "--exit-zero", cwd=plant(tmp_path, train=BUG)).code == 0
    assert optlint("check", "--exit-zero", "missing.py", cwd=tmp_path).code == 2


def test_a_missing_path_is_told_and_the_others_are_checked(tmp_path: Path) -> None:
    done = optlint("check", "missing.py", "train.py", cwd=plant(tmp_path, train=BUG))
    assert done.code == 2
    assert done.err == "optlint: missing.py: no such file or folder\n"
    assert "OPT101" in done.out


def test_no_files_is_said_aloud_and_is_no_failure(tmp_path: Path) -> None:
    done = optlint("check", cwd=tmp_path)
    assert done == (0, "", "optlint: 0 files checked: no Python files were found\n")


BAD_INPUT = {
    "syntax": "import torch\nparams = model.parameters(\n",
    "python2": "import torch\nparams = model.parameters()\nprint params\n",
    "encoding": b"import torch\nnet.parameters = '\xff'\n",
    "cookie": b"# coding: klingon\nimport torch, net.parameters\n",
    "nul": b"import torch\nnet.parameters = 1\0\n",
    "utf16": "import torch\nnet.parameters = 1\n".encode("utf-16"),
    "nested": f"import torch\nnet.parameters = {'(' * 1500}1{')' * 1500}\n",
    "chain": f"import torch\nnet.parameters = a{'.b' * 100_000}\n",
    "sum": f"import torch\nnet.parameters = 1{' + 1' * 100_000}\n",
    "calls": f"import torch\nnet.parameters = {'f(' * 5_000}{')' * 5_000}\n",
    "huge": "import torch, net.parameters\n" * 250_000,
}


@pytest.mark.parametrize("source", BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_is_one_clear_diagnostic(tmp_path: Path, source: str | bytes) -> None:
    plant(tmp_path, bad=source, train=BUG)
    done = optlint("check", "--output-format", "json", "bad.py", "train.py", cwd=tmp_path)
    assert [one["code"] for one in json.loads(done.out)] == ["OPT900", "OPT101"]
    assert (done.code, done.err) == (1, "")
    if source != BAD_INPUT["utf16"]:  # in which nothing looks like a word, so nobody looks into it unless told to
        assert optlint("check", cwd=tmp_path).out.count("error[OPT900]") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    plant(tmp_path, locked="import torch\n", train=BUG)
    (tmp_path / "locked.py").chmod(0)
    done = optlint("check", "--output-format", "concise", cwd=tmp_path)
    assert "locked.py:1:1: error: OPT900 this file was not analysed: it cannot be read: Permission denied" in done.out
    assert (done.code, "OPT101" in done.out) == (1, True)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    done = optlint("check", "pipe.py", cwd=tmp_path)
    assert (done.code, "not a regular file" in done.out) == (1, True)


def test_an_old_notebook_is_told_if_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "old.ipynb").write_text('{"worksheets": [{"cells": []}], "nbformat": 3}')
    done = optlint("check", "old.ipynb", cwd=tmp_path)
    assert (done.code, "not a notebook of format 4: it has no list of cells" in done.out) == (1, True)
    assert optlint("check", cwd=tmp_path).code == 0


def test_stdin(tmp_path: Path) -> None:
    done = optlint("check", "-", cwd=tmp_path, stdin=BUG)
    assert (done.code, "--> <stdin>:8:23" in done.out, "^^^^^^" in done.out) == (1, True, True)
    for words in (["-", "--stdin-filename", "pkg/x.py"], ["--stdin-filename=pkg/x.py"]):
        assert "--> pkg/x.py:8:23" in optlint("check", *words, cwd=tmp_path, stdin=BUG).out
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "optlint.toml").write_text('ignore = ["OPT101"]\nexclude = ["x.py"]\n')
    assert optlint("check", "-", "--stdin-filename", "pkg/y.py", cwd=tmp_path, stdin=BUG).code == 0
    done = optlint("check", "-", "--stdin-filename", "pkg/x.py", "--force-exclude", cwd=tmp_path, stdin=BUG)
    assert (done.code, done.err) == (0, "optlint: 0 files checked: no Python files were found\n")


USAGE_ERRORS = {
    ("check", "--slect", "OPT1"): "there is no option `--slect`, did you mean `--select`?",
    ("check", "--select"): "`--select` needs a value",
    ("check", "--select", "OPT9999"): "command line: unknown rule `OPT9999`",
    ("check", "--ignore", "reused-parameter-iterators"): "did you mean `reused-parameter-iterator`?",
    ("check", "--output-format", "xml"): "there is no output format `xml`, only concise, full, github,",
    ("check", "--config", "none.toml"): "none.toml: no such configuration file",
    ("check", "--output-file", "no/such/folder/x"): "no/such/folder/x: cannot be written: No such file or directory",
    ("chekc",): "there is no command `chekc`, did you mean `check`?",
    ("train.py",): "there is no command `train.py`, did you mean `optlint check train.py`?",
    ("_gather",): "there is no command `_gather`",
    ("rule", "OPT10"): "there is no rule `OPT10`; `optlint rules OPT10` lists those",
    ("rule", "reused"): "there is no rule `reused`, did you mean `reused-parameter-iterator`?",
    ("rules", "OPT10", "reused-parameter-iteratorr"): "did you mean `reused-parameter-iterator`?",
    ("rule",): "which rule?",
    ("check", "--select", "all"): "unknown rule `all`, did you mean `ALL`?",
    ("clean", "train.py"): "no arguments are needed",
}


@pytest.mark.parametrize(("words", "message"), USAGE_ERRORS.items(), ids=map(str, USAGE_ERRORS))
def test_wrong_usage_is_told_on_stderr(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.optlint]\n")  # which is not to blame
    done = optlint(*words, cwd=plant(tmp_path, train=CLEAN))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("optlint: ")
    assert message in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[tool.optlint]\nselct = []\n", "unknown key `selct`, did you mean `select`?"),
        ('[tool.optlint]\nselect = ["OPT999"]\n', "pyproject.toml: unknown rule `OPT999`, did you mean"),
        ("[tool.optlint\n", "pyproject.toml: "),
    ],
)
def test_a_wrong_configuration_is_told_on_stderr(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    done = optlint("check", cwd=plant(tmp_path, x="y = 1\n"))
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert optlint("check", "--isolated", cwd=tmp_path).code == 0


def test_the_configuration_of_each_file_is_the_nearest(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, sub__b=BUG)
    (tmp_path / "sub" / "pyproject.toml").write_text('[tool.optlint]\nignore = ["OPT101"]\n')
    assert optlint("check", cwd=tmp_path).out.count("\nFound 1 error in 1 of 2 files.\n") == 1
    assert optlint("check", "--config", "sub/pyproject.toml", cwd=tmp_path).code == 0
    assert optlint("check", "--select", "OPT101", cwd=tmp_path).out.count("\nFound 2 errors in 2 of 2 files.\n") == 1
    assert optlint("check", "--ignore", "OPT1", "--ignore", "OPT2", cwd=tmp_path).code == 0


def test_files_are_left_out(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, gen__b=BUG, venv__c=BUG)
    assert optlint("check", "--exclude", "gen", "--show-files", cwd=tmp_path) == (0, "a.py\n", "")
    assert optlint("check", "--exclude", "gen,a.py", cwd=tmp_path).err.startswith("optlint: 0 files checked")
    assert optlint("check", "--exclude", "gen", "gen/b.py", cwd=tmp_path).code == 1
    assert optlint("check", "--exclude", "gen", "--force-exclude", "gen/b.py", "venv/c.py", cwd=tmp_path).code == 0
    assert optlint("check", "--show-files", "none.py", "a.py", cwd=tmp_path).code == 2


def test_statistics(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, b=BUG)
    done = optlint("check", "--statistics", cwd=tmp_path)
    assert (done.code, done.out) == (1, "2  OPT101  reused-parameter-iterator\n")
    done = optlint("check", "--statistics", "--output-format", "json", cwd=tmp_path)
    assert (len(json.loads(done.out)), done.err) == (2, "2  OPT101  reused-parameter-iterator\n")


def test_the_report_may_go_to_a_file(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG)
    done = optlint("check", "--output-format=json", "--output-file", "r.json", cwd=tmp_path, FORCE_COLOR="1")
    assert (done.code, done.out) == (1, "")
    assert json.loads((tmp_path / "r.json").read_text())[0]["filename"] == str(tmp_path / "a.py")
    optlint("check", "--output-file", "r.txt", cwd=tmp_path, FORCE_COLOR="1")
    assert "\x1b" not in (tmp_path / "r.txt").read_text()


@pytest.mark.parametrize("style", ["full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit"])
def test_every_format_works_with_and_without_diagnostics(tmp_path: Path, style: str) -> None:
    plant(tmp_path, a=BUG)
    done = optlint("check", "--output-format", style, cwd=tmp_path)
    assert (done.code, done.err, "OPT101" in done.out) == (1, "", True)
    plant(tmp_path, a=CLEAN)
    done = optlint("check", "--output-format", style, cwd=tmp_path)
    assert (done.code, done.err, "OPT101" in done.out) == (0, "", False)


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": ""}, False),
    ],
)
def test_colour(tmp_path: Path, environment: dict[str, str], coloured: bool) -> None:
    done = optlint("check", cwd=plant(tmp_path, a=BUG), **environment)
    assert ("\x1b[" in done.out) is coloured


def test_verbose_tells_what_was_done(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.optlint]\n")
    done = optlint("check", "-v", cwd=plant(tmp_path, a=BUG, b="x = 1\n"))
    assert f"optlint: configuration: {tmp_path / 'pyproject.toml'}\n" in done.err
    assert "optlint: 2 files, 1 of them parsed, " in done.err


def test_a_file_that_looks_like_an_option_is_told(tmp_path: Path) -> None:
    (tmp_path / "-v.py").write_text(BUG)
    assert "there is no option `-v.py`; for the file write `./-v.py`" in optlint("check", "-v.py", cwd=tmp_path).err
    assert optlint("check", "./-v.py", cwd=tmp_path).code == optlint("check", "--", "-v.py", cwd=tmp_path).code == 1


def test_an_odd_name_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff \n.py")).write_text(BUG)
    for style in ("full", "concise", "json", "sarif", "github", "junit"):
        done = optlint("check", "--output-format", style, cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert (done.code, done.err) == (1, "")


def test_a_reader_that_goes_away_is_no_trouble(tmp_path: Path) -> None:
    plant(tmp_path, **{f"bug{number}": BUG for number in range(300)})
    command = f"{sys.executable} -m optlint check --output-format json | head -c 1"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, check=False, env=clean_environment())
    assert (done.stdout, done.stderr) == (b"[", b"")


def test_version_and_help(tmp_path: Path) -> None:
    assert optlint("--version", cwd=tmp_path) == (0, "optlint 0.1.0\n", "")
    done = optlint("--help", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    for word in ("check", "rule ", "rules", "run "):
        assert f"\n  {word}" in done.out
    assert optlint(cwd=tmp_path).code == 2
    assert "--version" in done.out
    assert "--output-format FORMAT" in optlint("check", "--help", cwd=tmp_path).out
    assert optlint("help", "check", cwd=tmp_path) == optlint("check", "--help", cwd=tmp_path)


def test_the_page_of_a_rule_is_shown(tmp_path: Path) -> None:
    by_code = optlint("rule", "OPT101", cwd=tmp_path)
    assert by_code == optlint("rule", "reused-parameter-iterator", cwd=tmp_path)
    assert by_code.out.startswith("# OPT101 reused-parameter-iterator\n")
    assert optlint("rule", "opt900", cwd=tmp_path).out.startswith("# OPT900 file-not-analysed\n")


def test_all_rules_are_listed(tmp_path: Path) -> None:
    of_a_family = optlint("rules", "OPT1", cwd=tmp_path)
    assert [line[:6] for line in of_a_family.out.splitlines()] == ["OPT101", "OPT102", "OPT103", "OPT104"]
    done = optlint("rules", cwd=tmp_path)
    codes = [line.split()[0] for line in done.out.splitlines()]
    assert codes == sorted(codes)
    assert {"OPT101", "OPT302", "OPT900", "OPT901", "OPT902"} <= set(codes)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_is_not_read_for_what_a_file_imports(tmp_path: Path) -> None:
    plant(tmp_path, train="from helper import build\n" + BUG, clean=CLEAN)
    os.mkfifo(tmp_path / "helper.py")
    done = optlint("check", "train.py", "clean.py", cwd=tmp_path)
    assert (done.code, done.out.startswith("error[OPT101]")) == (1, True)
