"""What `optlint run` leaves and says: reports, journals of killed jobs, exit codes, choices, usage errors."""

from __future__ import annotations

import os

import pytest

from tests.audit import training
from tests.audit.programs import Folder

BOTH = ["OPT101", "OPT201"]
LIBRARY = """\
    import torch

    def build():
        return torch.optim.SGD([torch.randn(3)], lr=0.1)
    """
USER = """\
    import torch
    from mylibrary import build

    optimizer = build()
    weight = torch.randn(3, requires_grad=True)
    for step in range(12):
        weight.sum().backward()
        optimizer.step()
    """


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.write("broken.py", training.BROKEN)
    return folder


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A folder in which the broken training was run, and what that said."""
    folder = Folder(tmp_path_factory.mktemp("reported"))
    folder.write("broken.py", training.BROKEN)
    folder.write("report.rank1.json", "left by an earlier run")
    return folder, folder.audited("--report", "report.json", "--report", "report.html", "broken.py")


def without_carets(text):
    return [line for line in text.splitlines() if not set(line) <= set(" |^")]


def codes(found):
    return [one["code"] for one in found]


def test_a_report_follows_the_contract(reported):
    folder, outcome = reported
    report = folder.json("report.json")
    assert outcome.code == 0
    assert list(report) == ["version", "torch", "diagnostics", "optimizers", "unowned", "timeline"]
    assert report["version"] == 1
    assert codes(report["diagnostics"]) == BOTH
    first = report["diagnostics"][0]
    assert (first["filename"], first["row"]) == (str(folder.path / "broken.py"), 10)
    assert (first["optimizer"], first["group"], first["rank"], first["url"]) == (0, 0, None, None)
    (optimizer,) = report["optimizers"]
    assert (optimizer["class"], optimizer["row"], optimizer["steps"]) == ("SGD", 9, 12)
    (image,) = optimizer["groups"][1]["parameters"]
    assert (image["shape"], image["grad"], image["moved"]) == ([3, 4], "never", "no")
    assert [one["name"] for one in report["unowned"]] == ["weight", "bias"]


def test_the_journal_has_each_diagnostic_as_it_appeared(reported):
    folder, _ = reported
    assert folder.lines("report.jsonl") == folder.json("report.json")["diagnostics"]


def test_reports_of_an_earlier_run_are_gone(reported):
    folder, _ = reported
    assert {path.name for path in folder.path.iterdir()} == {"broken.py", "report.json", "report.jsonl", "report.html"}
    assert "OPT201" in (folder.path / "report.html").read_text(encoding="utf-8")


def test_the_summary_tells_it_all_on_stderr(reported):
    _, outcome = reported
    assert outcome.out == "trained\n"
    for words in ("error[OPT101]", "--> broken.py:10:", '{"params": params}', "group 1: 1 tensor", "weight, bias"):
        assert words in outcome.err
    assert outcome.err.splitlines()[-1] == "optlint: 2 errors, 0 warnings"


def test_a_report_can_be_shown_again(reported):
    folder, outcome = reported
    again = folder.python("-m", "optlint", "report", ".")
    assert (again.code, again.err) == (0, "")
    assert without_carets(again.out) == without_carets(outcome.err)  # a report knows no ends of spans


@pytest.mark.parametrize(
    ("options", "end", "code"),
    [
        ((), "None", 0),
        (("--fail-on", "error"), "None", 1),
        (("--fail-on", "error", "--ignore", "OPT1,tensor-without-grad"), "None", 0),
        (("--fail-on", "error"), "sys.exit(7)", 7),
        (("--fail-on", "error"), "sys.exit(0)", 1),
    ],
)
def test_the_programs_exit_code_comes_first(folder, options, end, code):
    folder.write("ends.py", "import sys\nend = sys.argv.pop()\nimport broken\neval(end)\n")
    assert folder.audited(*options, "ends.py", end).code == code


def test_a_warning_fails_only_where_it_is_asked_to(folder):
    folder.write("pyproject.toml", "[tool.optlint]\nignore = ['OPT1']\nseverity = {OPT201 = 'warning'}\n")
    assert folder.audited("--fail-on", "error", "broken.py").code == 0
    outcome = folder.audited("--fail-on", "warning", "broken.py")
    assert outcome.code == 1
    assert "warning[OPT201]" in outcome.err
    assert "OPT101" not in outcome.err


def test_a_thread_may_train_after_the_main_one_has_ended(folder):
    text = "import threading, torch\nthreading.Timer(0.5, lambda: __import__('broken')).start()\n"
    assert folder.audited("--fail-on", "error", folder.write("later.py", text)).code == 1


def test_a_killed_job_keeps_what_was_found(folder):
    process = folder.start_audited("--report", "report.json", "broken.py", "60")
    assert process.stdout.readline() == "trained\n"
    process.kill()
    process.wait()
    process.stdout.close()
    assert codes(folder.lines("report.jsonl")) == BOTH
    assert not (folder.path / "report.json").exists()
    shown = folder.python("-m", "optlint", "report", ".")
    assert shown.code == 0
    assert shown.out.count("error[") == 2
    assert shown.out.endswith("report.jsonl is all that its run has left: its optimizers are not known\n")
    with (folder.path / "report.jsonl").open("a") as journal:
        journal.write('{"code": "OPT')
    assert folder.python("-m", "optlint", "report", "report.jsonl") == shown


def test_a_killed_child_keeps_what_was_found(folder):
    text = """\
        import os, signal, subprocess, sys
        child = subprocess.Popen([sys.executable, "broken.py", "60"], stdout=subprocess.PIPE)
        child.stdout.readline()
        child.kill()
        child.wait()
        """
    outcome = folder.audited("--report", "report.json", folder.write("parent.py", text))
    assert codes(folder.json("report.json")["diagnostics"]) == BOTH
    assert outcome.err.splitlines()[-1] == "optlint: 2 errors, 0 warnings"


def test_a_program_that_becomes_another_one_is_followed(folder):
    text = "import os, sys\nos.execv(sys.executable, [sys.executable, 'broken.py'])\n"
    outcome = folder.audited("--report", "report.json", folder.write("becomes.py", text))
    assert codes(folder.json("report.json")["diagnostics"]) == BOTH
    assert outcome.err.endswith("optlint: 2 errors, 0 warnings\n")


def test_a_rank_writes_under_its_own_name(folder):
    folder.audited("--report", "report.json", "broken.py", RANK="0", WORLD_SIZE="3")
    outcome = folder.audited("--report", "report.json", "broken.py", RANK="2", WORLD_SIZE="3")
    assert [one["rank"] for one in folder.json("report.rank2.json")["diagnostics"]] == [2, 2]
    assert [one["rank"] for one in folder.json("report.json")["diagnostics"]] == [0, 0]
    assert codes(folder.lines("report.rank2.jsonl")) == BOTH
    assert outcome.err == ""
    assert folder.python("-m", "optlint", "report", ".").out.count("error[") == 2


def test_comments_hide_what_they_name(folder):
    text = training.BROKEN.replace('"lr": 0.5},', '"lr": 0.5},  # optlint: ignore[tensor-without-grad] it is noise')
    folder.audited("--report", "report.json", folder.write("quiet.py", text))
    assert codes(folder.json("report.json")["diagnostics"]) == ["OPT101"]
    assert codes(folder.lines("report.jsonl")) == ["OPT101"]


def test_only_the_users_own_code_is_reported(folder):
    folder.write("site-packages/mylibrary.py", LIBRARY)
    folder.write("user.py", USER)
    for options, expected in (
        ((), ["user.py"]),
        (("--omit", "user.py"), []),
        (("--include", "site-packages/"), ["mylibrary.py"]),
    ):
        folder.audited("--report", "report.json", *options, "user.py", PYTHONPATH="site-packages")
        found = folder.json("report.json")["diagnostics"]
        assert [os.path.basename(one["filename"]) for one in found if one["code"] == "OPT201"] == expected


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--report", "nowhere/report.json"), "nowhere/report.json"),
        (("--report", "report.txt"), ".json or .html"),
        (("--select", "OPT999"), "OPT999"),
        (("--ignore", "reused-parameter-iterater"), "did you mean `reused-parameter-iterator`"),
        (("--fail-on", "sometimes"), "never, error, warning"),
        (("--nonsense", "1"), "--nonsense"),
    ],
)
def test_what_cannot_be_is_said_before_anything_runs(folder, options, words):
    outcome = folder.audited(*options, folder.write("prints.py", "print('it ran')\n"))
    assert (outcome.code, outcome.out) == (2, "")
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_wrong_configuration_is_said_before_anything_runs(folder):
    folder.write("optlint.toml", "selekt = ['OPT1']\n")
    outcome = folder.audited(folder.write("prints.py", "print('it ran')\n"))
    assert (outcome.code, outcome.out) == (2, "")
    assert "selekt" in outcome.err


def test_a_folder_without_reports_is_said(folder):
    (folder.path / "other.json").write_text('{"version": 1}')
    (folder.path / "data.jsonl").write_text('{"text": "no report"}\n')
    for path in (".", "nowhere"):
        outcome = folder.python("-m", "optlint", "report", path)
        assert (outcome.code, outcome.out) == (2, "")
        assert path in outcome.err


def test_all_of_it_works_without_libcst(folder):
    folder.write("blocked/libcst.py", "raise ImportError('blocked')\n")
    outcome = folder.audited("--report", "report.json", "broken.py", PYTHONPATH="blocked")
    assert codes(folder.json("report.json")["diagnostics"]) == BOTH
    assert outcome.err.endswith("optlint: 2 errors, 0 warnings\n")
    assert folder.python("-m", "optlint", "report", ".", PYTHONPATH="blocked").code == 0


def test_an_audit_within_a_program_chooses_as_a_run_does(folder):
    text = """\
        import optlint, torch

        seen = []
        with optlint.audit(ignore=["reused-parameter-iterator"], on_diagnostic=seen.append) as report:
            for options in ({}, {"lr": 0.5}):
                image = torch.randn(3)
                optimizer = torch.optim.SGD([{"params": [image], **options}], lr=0.1)  # optlint: ignore[OPT201]
                for step in range(12):
                    optimizer.step()
        print(report.ok, [one.code for one in report.diagnostics], [one.code for one in seen])
        try:
            optlint.audit(ignore=["OPT999"])
        except ValueError as error:
            print(error)
        """
    outcome = folder.python(folder.write("within.py", text))
    assert outcome.out.splitlines()[0] == "True [] []"
    assert "OPT999" in outcome.out
    outcome = folder.python(folder.write("within.py", text.replace("# optlint: ignore[OPT201]", "")))
    assert outcome.out.startswith("False ['OPT201'")


def test_iterators_are_followed_into_plain_loops_where_that_is_asked_for(folder):
    text = """\
        import torch

        model = torch.nn.Linear(4, 2)
        params = model.parameters()
        print(sum(p.numel() for p in params))
        for p in params:
            print(p)
        """
    program = folder.write("loops.py", text)
    assert "OPT101" not in folder.audited(program).err
    assert "OPT101" in folder.audited("--strict-iterators", program).err


def test_a_program_that_cannot_build_its_optimizer_is_told_why(folder):
    program = "import torch\nnoise = torch.zeros(3, requires_grad=True) * 2\ntorch.optim.SGD([noise], lr=0.1)\n"
    outcome = folder.audited("--report", "audit.json", folder.write("broken.py", program))
    assert outcome.code == 1
    assert [(one["code"], one["row"]) for one in folder.json("audit.json")["diagnostics"]] == [("OPT202", 3)]
