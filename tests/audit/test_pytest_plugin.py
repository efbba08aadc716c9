"""The pytest plug-in, driven through pytest itself, with and without xdist."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch._dynamo  # noqa: F401 (a process imports it once only, and pytest runs in this one)

import optlint.integrations.pytest_auditor  # noqa: F401

ROOT = Path(__file__).parents[2]
TRAINING = """\
    import pytest
    import torch
    from torch import nn

    def train(model, optimizer, steps=12):
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(4, 3)).pow(2).mean().backward()
            optimizer.step()

    def healthy():
        model = nn.Linear(3, 2)
        train(model, torch.optim.SGD(model.parameters(), lr=0.1))

    def broken():
        model = nn.Linear(3, 2)
        image = torch.randn(3)
        optimizer = torch.optim.SGD([{"params": model.parameters()}, {"params": [image]}], lr=0.1)
        train(model, optimizer)
    """


@pytest.fixture
def tests(pytester, monkeypatch):
    """A function that runs pytest with our plug-in on the tests given, `TRAINING` above them."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(source, *options, fresh=False):
        pytester.makepyfile(test_it=TRAINING + source)
        start = pytester.runpytest_subprocess if fresh else pytester.runpytest_inprocess
        return start("-p", "optlint.pytest_plugin", "-p", "no:cacheprovider", *options)

    return run


BOTH = """
    def test_healthy():
        healthy()

    def test_broken():
        broken()
    """


def test_it_is_off_unless_asked_for(tests):
    result = tests(BOTH)
    result.assert_outcomes(passed=2)
    assert "OPT" not in result.stdout.str()


def test_the_flag_fails_a_passing_test_that_trains_wrongly(tests):
    result = tests(BOTH, "--optlint")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ test_broken _*",
            "the optimizer audit found OPT201 tensor-without-grad",
            "*Captured optlint call*",
            "error[[]OPT201[]] tensor-without-grad:*",
            "*--> test_it.py:18:*",
            "*| *optimizer = torch.optim.SGD*",
            "SGD of test_it.py:18: 12 steps",
            "FAILED test_it.py::test_broken - *OPT201*",
        ]
    )
    assert "Traceback" not in result.stdout.str()


def test_the_ini_key_does_the_same(tests, pytester):
    pytester.makeini("[pytest]\noptlint = true\n")
    tests(BOTH).assert_outcomes(passed=1, failed=1)


def test_a_mark_turns_it_on_for_its_test_alone(tests):
    source = """
    @pytest.mark.optlint
    def test_marked():
        broken()

    def test_unmarked():
        broken()

    @pytest.mark.optlint
    class TestMarked:
        def test_method(self):
            broken()
    """
    result = tests(source, "--strict-markers")
    result.assert_outcomes(passed=1, failed=2)


def test_a_mark_names_what_is_ignored(tests):
    source = """
    @pytest.mark.optlint(ignore=["tensor-without-grad"])
    def test_by_name():
        broken()

    @pytest.mark.optlint(ignore=["OPT2"])
    class TestMarked:
        @pytest.mark.optlint(ignore=["OPT101"])
        def test_both_marks_count(self):
            broken()

    @pytest.mark.optlint(ignore=["OPT101"])
    def test_another():
        broken()
    """
    tests(source, "--optlint").assert_outcomes(passed=2, failed=1)


@pytest.mark.parametrize("arguments", ['ignore=["OPT999"]', 'ignores=["OPT201"]', '"OPT201"'])
def test_a_wrong_mark_is_said(tests, arguments):
    result = tests(f"\n    @pytest.mark.optlint({arguments})\n    def test_it():\n        healthy()\n")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the mark `optlint` *OPT*"])
    assert "INTERNALERROR" not in result.stdout.str()


def test_the_fixture_gives_the_live_report(tests):
    source = """
    def test_live(optimizer_audit):
        assert optimizer_audit.optimizers == ()
        healthy()
        assert [one.steps for one in optimizer_audit.optimizers] == [12]
        assert optimizer_audit.ok
        assert '"class": "SGD"' in optimizer_audit.to_json()
        optimizer_audit.raise_for_errors()

    @pytest.fixture
    def report(request):
        return request.getfixturevalue("optimizer_audit")

    def test_asked_for_late(report):
        healthy()
        assert [one.steps for one in report.optimizers] == [12]

    def test_fails(optimizer_audit):
        broken()
    """
    tests(source).assert_outcomes(passed=2, failed=1)


def test_what_else_ends_a_test_counts_first(tests):
    source = """
    def test_fails():
        broken()
        assert 1 == 2

    def test_skips():
        broken()
        pytest.skip("not today")

    @pytest.mark.xfail(strict=True)
    def test_expected():
        broken()

    @pytest.fixture
    def fails():
        broken()
        raise ValueError

    def test_setup(fails):
        pass
    """
    result = tests(source, "--optlint")
    result.assert_outcomes(failed=1, skipped=1, xfailed=1, errors=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2*", "*Captured optlint call*", "*OPT201*"])


def test_warnings_are_listed_at_the_end(tests, pytester):
    pytester.makefile(".toml", optlint="[severity]\nOPT201 = 'warning'\n")
    source = """
    @pytest.mark.parametrize("number", range(3))
    def test_warns(number):
        broken()
    """
    result = tests(source, "--optlint")
    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*= optlint warnings =*", "test_it.py::test_warns[[]0[]] and 2 more", "*OPT201*"])
    assert result.stdout.str().count("OPT201") == 1


def test_fixtures_of_any_scope_are_seen(tests):
    source = """
    @pytest.fixture(scope="module")
    def model():
        return nn.Linear(3, 2)

    @pytest.fixture(scope="module")
    def optimizer(model):
        params = model.parameters()
        list(params)
        return torch.optim.SGD([{"params": params}, {"params": [torch.randn(3)]}], lr=0.1)

    def test_first(model, optimizer):
        pass

    def test_second(model, optimizer, optimizer_audit):
        train(model, optimizer)
        assert "OPT201" in [one.code for one in optimizer_audit.diagnostics]
    """
    result = tests(source, "--optlint", "-k", "second")
    result.assert_outcomes(failed=1, deselected=1)
    result = tests(source, "--optlint")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*test_first*OPT101*", "*test_second*OPT201*"])
    assert result.stdout.str().count("SGD of test_it.py:29:") == 2


def test_tests_of_unittest_and_doctests_are_audited(tests):
    source = '''
    import unittest

    class Case(unittest.TestCase):
        def test_case(self):
            broken()

    def documented():
        """
        >>> broken()
        """
    '''
    tests(source, "--optlint", "--doctest-modules").assert_outcomes(failed=2)


def test_under_xdist_nothing_is_lost(tests, pytester):
    pytester.makefile(".toml", optlint="[per-file-ignores]\n'nothing' = ['OPT1']\n")
    source = (
        BOTH
        + """
    def test_fixture(optimizer_audit):
        healthy()
        assert optimizer_audit.optimizers[0].steps == 12
    """
    )
    result = tests(source, "--optlint", "-p", "xdist.plugin", "-n", "2", fresh=True)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*Captured optlint call*", "error[[]OPT201[]]*", "FAILED test_it.py::test_broken*"])


def test_warnings_cross_processes(tests, pytester):
    pytester.makefile(".toml", optlint="[severity]\nOPT201 = 'warning'\n")
    result = tests(BOTH, "--optlint", "-p", "xdist.plugin", "-n", "1", fresh=True)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*= optlint warnings =*", "test_it.py::test_broken", "*OPT201*"])


LIGHT = ["optlint", "optlint.integrations", "optlint.integrations.pytest_marks"]
LIGHT += ["optlint.pytest_plugin", "optlint.version"]


@pytest.mark.parametrize(("flag", "ours"), [((), LIGHT), (("--optlint",), [])])
def test_neither_torch_nor_the_audit_is_loaded_for_nothing(pytester, monkeypatch, flag, ours):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    source = f"""
        import sys

        def test_light():
            def loaded(*packages):
                return sorted(name for name in sys.modules if name.partition(".")[0] in packages)

            assert loaded("torch", "libcst", "numpy") == []
            assert loaded("optlint") == {ours} or not {ours}
        """
    pytester.makepyfile(source)
    pytester.runpytest_subprocess("-p", "optlint.pytest_plugin", *flag).assert_outcomes(passed=1)


def test_what_is_loaded_for_nothing_is_seen(pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makepyfile("import sys\ndef test_light():\n    assert 'optlint.auditing' not in sys.modules\n")
    pytester.runpytest_subprocess("-p", "optlint.pytest_plugin", "--optlint").assert_outcomes(failed=1)


def test_it_works_without_libcst(pytester, monkeypatch):
    pytester.makepyfile(libcst="raise ImportError('blocked')", test_it=TRAINING + BOTH)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", f"{pytester.path}:{ROOT}")
    result = pytester.runpytest_subprocess("-p", "optlint.pytest_plugin", "--optlint")
    result.assert_outcomes(passed=1, failed=1)


def test_an_installed_optlint_is_found_by_pytest():
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert table["project"]["entry-points"]["pytest11"] == {"optlint": "optlint.pytest_plugin"}
