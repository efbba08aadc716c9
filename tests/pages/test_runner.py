"""The page runner itself: a right page passes, and each kind of wrong page fails where it is wrong."""

from __future__ import annotations

import random

import pytest
import torch  # here, since pytester unloads what a run imports, and torch cannot be loaded twice

from optlint.diagnostic import Applicability, Diagnostic, Fix, Severity, Span
from tests.pages import plugin

FIX = Fix("write a good word", (), Applicability.SAFE)


@pytest.fixture(autouse=True)
def linter_of_words(monkeypatch):
    """A linter that reports the word `bad_NNN` as OPTNNN, so that these tests need no rule."""

    def lint_case(case):
        return [
            said(word, Span(file.name, row, 1, row, 2))
            for file in case.files
            for row, line in enumerate(file.text.splitlines(), start=1)
            for word in line.split()
            if word.startswith("bad_")
        ]

    def said(word, span):
        return Diagnostic(f"OPT{word[4:]}", "bad-word", f"`{word}` is bad", Severity.WARNING, span, fix=FIX)

    monkeypatch.setattr(plugin, "lint_case", lint_case)
    monkeypatch.setattr(plugin, "fix_case", lambda case, unsafe: case.main.text.replace("bad_101", "good"))


@pytest.fixture
def run_page(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # else each run loads hypothesis again
    pytester.makeini("[pytest]\naddopts = -p tests.pages.plugin")

    def run(text, name="rules/OPT101-bad-word.md"):
        path = pytester.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return pytester.runpytest_inprocess(name, "-rA", "-p", "no:unraisableexception")  # it collects garbage

    return run


def block(code, attributes="", heading="Example"):
    return f"## {heading}\n\nWords.\n\n```python{attributes}\n{code}\n```\n"


PASSING = {
    "silent": block("good"),
    "bare mark": block("bad_101  # error"),
    "own severity": block("bad_101  # error: [OPT101 warning]"),
    "code and message": block('bad_202  # error: [OPT202] "is bad"'),
    "message alone": block('bad_101  # error: "bad_101"'),
    "two marks": block('bad_101 bad_202  # error # error: [OPT202] "_202"'),
    "the strictest mark chooses first": block('bad_101 bad_101  # error # error: "is bad"'),
    "audit marks are not the linter's": block("x = 1  # audit: [OPT201]"),
    "comment kept": block("bad_101  # why # error"),
    "setup": block("bad_101  # error", " {.setup}") + block("x = 1"),
    "siblings": block("bad_101  # error", " {file=utils.py}") + "\n```python\nimport utils\n```\n",
    "runs": block("x = 1\nassert x == 1", " {.run}"),
    "raises": block("int('x')", " {.run raises=ValueError}"),
    "raises a subclass": block("[][0]", " {.run raises=LookupError}"),
    "fixed": block("bad_101  # error") + "\n```python {.fixed}\ngood\n```\n",
    "other languages": "```console\nbad_101\n```\n```\nbad_101\n```\n" + block("x = 1"),
    "four ticks": "````python\nx = 1\n```\ny = '```'\n````\n".replace("```\ny", "y"),
}


@pytest.mark.parametrize("page", PASSING.values(), ids=PASSING)
def test_a_right_page_passes(run_page, page):
    assert set(run_page(page).parseoutcomes()) == {"passed"}


def test_a_missing_diagnostic_fails_and_shows_its_line(run_page):
    result = run_page(block("x = 1\ngood  # error"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "rules/OPT101-bad-word.md:5: 1 missing, 0 noisy",
            "   6 | x = 1",
            "   7 | good  # error",
            "   > | ^ missing: error: [[]OPT101]",
        ],
        consecutive=False,
    )
    result.stdout.no_fnmatch_line("*noisy:*")


def test_a_noisy_diagnostic_fails_and_shows_its_line(run_page):
    result = run_page(block("x = 1\nif x:\n    bad_305\ny = 2"))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "rules/OPT101-bad-word.md:5: 0 missing, 1 noisy",
            "   8 |     bad_305",
            "   > |     ^ noisy: error: [[]OPT305 warning] `bad_305` is bad",
            "   9 | y = 2",
        ]
    )
    result.stdout.no_fnmatch_line("*missing:*")


FAILING = {
    "another code": (block("bad_202  # error"), "*1 missing, 1 noisy"),
    "another severity": (block("bad_101  # error: [OPT101 error]"), "*1 missing, 1 noisy"),
    "another message": (block('bad_101  # error: "is good"'), "*1 missing, 1 noisy"),
    "one of two": (block("bad_101  # error # error"), "*1 missing, 0 noisy"),
    "in a sibling": (block("bad_101", " {file=utils.py}") + "\n```python\nx = 1\n```\n", "*noisy:*OPT101*"),
    "in the setup": (block("bad_101", " {.setup}") + block("x = 1"), "*noisy:*OPT101*"),
    "in the fixed block": (block("good") + "\n```python {.fixed}\nbad_101\n```\n", "*0 missing, 1 noisy"),
    "another fix": (block("bad_101  # error") + "\n```python {.fixed}\nbetter\n```\n", "+ good"),
    "an assert": (block("x = 1\nassert x == 2", " {.run}"), "OPT101-bad-word.md:7: assert x == 2"),
    "an exception": (block("int('x')", " {.run}"), "ValueError: invalid literal*"),
    "another exception": (block("int('x')", " {.run raises=KeyError}"), "ValueError: invalid literal*"),
    "no exception": (block("x = 1", " {.run raises=KeyError}"), "*should raise KeyError, and did not"),
    "a fixed block that does not run": (
        block("x = 1", " {.run}") + "\n```python {.fixed}\nassert False\n```\n",
        "*assert False*",
    ),
}


@pytest.mark.parametrize(("page", "line"), FAILING.values(), ids=FAILING)
def test_a_wrong_block_fails(run_page, page, line):
    result = run_page(page)
    assert result.parseoutcomes().get("failed") == 1
    result.stdout.fnmatch_lines([line])


MALFORMED = {
    "unknown flag": (block("x = 1", " {.ran}"), "*line 5: unknown attribute: .ran"),
    "unknown key": (block("x = 1", " {flie=utils.py}"), "*line 5: unknown attribute: flie=utils.py"),
    "no braces": (block("x = 1", " run"), "*line 5: attributes stand in braces: run"),
    "prose for a mark": (block("x = 1  # error: this is wrong"), "*line 6: not a mark: # error: this is wrong"),
    "lonely mark": (block("# error"), "*line 6: a mark stands behind code*"),
    "unclosed block": ("## A\n```python\nx = 1\n", "*line 2: this block is never closed"),
    "fixed without a block": (block("x = 1", " {.fixed}"), "*line 5: `.fixed` stands below the block that it mends"),
    "unsafe without fixed": (block("x = 1", " {.unsafe}"), "*line 5: `.unsafe` goes with `.fixed`"),
    "raises without run": (block("x = 1", " {raises=KeyError}"), "*line 5: `raises=` goes with `.run`"),
    "files without a block": (
        block("x = 1", " {file=a.py}", "One") + block("x = 1", "", "Two"),
        "*the file a.py belongs to no block of its section",
    ),
    "files at the end": (block("x = 1", " {file=a.py}"), "*the file a.py belongs to no block of its section"),
}


@pytest.mark.parametrize(("page", "line"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_page_is_an_error(run_page, page, line):
    result = run_page(page)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([line])


def test_a_bare_mark_needs_a_page_with_a_code(run_page):
    result = run_page(block("bad_101  # error"), "tests/cases/engine/loops.md")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*line 6: this page has no code of its own, so a mark must name one: # error"])


def test_a_folder_names_the_code(run_page):
    run_page(block("bad_303  # error"), "tests/cases/OPT303/traps.md").assert_outcomes(passed=1)


def test_tests_are_named_by_page_heading_and_line(run_page):
    result = run_page(block("x = 1", heading="The loop comes `first`!") + block("x = 1", heading="Limits"))
    result.stdout.fnmatch_lines(
        [
            "PASSED rules/OPT101-bad-word.md::the-loop-comes-first::5",
            "PASSED rules/OPT101-bad-word.md::limits::12",
        ]
    )


def test_one_block_can_be_run_alone(run_page, pytester):
    run_page(block("x = 1", heading="One") + block("bad_101", heading="Two"))
    pytester.runpytest_inprocess("rules/OPT101-bad-word.md::one").assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["rules/README.md", "docs/OPT101-bad-word.md"])
def test_other_markdown_is_not_collected(run_page, pytester, name):
    run_page(block("bad_101"), name).assert_outcomes()


def test_another_torch_skips_the_run_but_not_the_linter(run_page):
    run_page(block("assert False", " {.run torch>=99}")).assert_outcomes(skipped=1)
    run_page(block("bad_101", " {.run torch>=99}")).assert_outcomes(failed=1)
    run_page(block("assert False", " {.run torch>=2.0}")).assert_outcomes(failed=1)


def test_blocks_are_isolated_from_each_other(run_page):
    first = "import torch\nx = 1\nprint('loud')\n"
    first += "torch.set_grad_enabled(False)\ntorch.set_default_dtype(torch.float64)"
    second = (
        "import torch\nassert 'x' not in globals()\nassert torch.ones(1, requires_grad=True).mul(2).requires_grad\n"
    )
    second += "assert torch.ones(1).dtype == torch.float32"
    result = run_page(block(first, " {.run}") + block(second, " {.run}"))
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*loud*")


def test_runs_are_seeded(run_page):
    code = "import random, torch\nassert torch.rand(1).item() == {}\nassert random.random() == {}"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = torch.rand(1).item(), random.Random(0).random()
    run_page(block(code.format(*drawn), " {.run}")).assert_outcomes(passed=1)
