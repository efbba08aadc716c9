"""The text that ends a run."""

from __future__ import annotations

import io
import os

import pytest

from optlint.auditing.memory.summaries import AuditFacts, GroupSummary, OptimizerSummary, ParameterSummary
from optlint.auditing.reports.summary import LISTED, summary, wants_colour
from optlint.diagnostic import Diagnostic, Note, Severity, Span


def parameter(name, moved="yes"):
    return ParameterSummary(name, (2, 3), "float32", 6, True, True, "always", moved)


WEIGHT = parameter("weight")


def optimizer(row=1, steps=5, parameters=(WEIGHT,), lr=0.1):
    place = Span(os.path.abspath("train.py"), row, 1, row, 2)
    return OptimizerSummary("SGD", place, steps, (GroupSummary(0, lr, {}, tuple(parameters)),))


def diagnostic(severity, **known):
    span = Span("/elsewhere/train.py", 3, 5, 3, 9)
    return Diagnostic("OPT101", "reused-parameter-iterator", "it is empty", severity, span, **known)


def test_a_program_without_optimizers():
    assert summary(AuditFacts("")) == "optlint: no optimizer was seen"
    assert summary(AuditFacts(""), complete=False) == "optlint: 0 errors, 0 warnings"


def test_an_optimizer_is_told_with_its_groups():
    assert summary(AuditFacts("", optimizers=(optimizer(),))).splitlines() == [
        "SGD of train.py:1: 5 steps",
        "  group 0: 1 tensor with 6 elements, lr 0.1",
        "optlint: 0 errors, 0 warnings",
    ]


@pytest.mark.parametrize(
    ("parameters", "lr", "words"),
    [
        ((), 0.1, "group 0: empty, lr 0.1"),
        ((parameter("a", "no"), parameter("b", "unknown")), None, "2 tensors with 12 elements, 1 not moved: a"),
        ([parameter(str(n), "no") for n in range(7)], 1e-3, "lr 0.001, 7 not moved: 0, 1, 2, 3, 4 and 2 more"),
        ((parameter("a"),), "nan", "lr nan"),
    ],
)
def test_what_does_not_move_is_named(parameters, lr, words):
    assert words in summary(AuditFacts("", optimizers=(optimizer(parameters=parameters, lr=lr),)))


def test_optimizers_that_look_alike_are_told_once():
    text = summary(AuditFacts("", optimizers=(optimizer(), optimizer(row=2), optimizer())))
    assert text.splitlines()[0] == "2 × SGD of train.py:1: 5 steps"
    assert text.count("group 0") == 2


def test_of_very_many_optimizers_the_first_are_told():
    text = summary(AuditFacts("", optimizers=tuple(optimizer(row) for row in range(LISTED + 3))))
    assert "and 3 more optimizers" in text
    assert text.count("group 0") == LISTED


def test_counts_by_severity():
    found = (diagnostic(Severity.ERROR), diagnostic(Severity.INFO), diagnostic(Severity.INFO))
    assert summary(AuditFacts("", found)).endswith("\noptlint: 1 error, 0 warnings, 2 info")
    assert summary(AuditFacts("", found[:1])).endswith("\noptlint: 1 error, 0 warnings")


def test_a_diagnostic_is_shown_with_its_notes_and_source(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("first\nsecond\nthird line\n")
    span = Span(str(path), 3, 1, 3, 6)
    note = Note("used here", Span(str(path), 1, 1, 1, 6))
    text = summary(AuditFacts("", (diagnostic(Severity.WARNING)._replace(span=span, notes=(note,)),)))
    for words in ("warning[OPT101] reused-parameter-iterator: it is empty", "3 | third line", "  | ^^^^^", "used here"):
        assert words in text


def test_unowned_parameters_are_named():
    assert "in no optimizer: a, b\n" in summary(AuditFacts("", unowned=(parameter("a"), parameter("b"))))


@pytest.mark.parametrize(
    ("variables", "terminal", "wanted"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour_follows_the_conventions(monkeypatch, variables, terminal, wanted):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    assert wants_colour(stream) is wanted
    assert ("\x1b[" in summary(AuditFacts("", (diagnostic(Severity.ERROR),)), wants_colour(stream))) is wanted
