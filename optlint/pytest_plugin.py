"""The pytest plug-in: `--optlint`, the ini key `optlint`, the mark `optlint` and the fixture `optimizer_audit`.

Every pytest run loads this module, so it imports nothing but pytest; the audit is loaded by the first test
that asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from optlint.integrations.pytest_marks import MARK, WARNINGS, is_audited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.auditing.reports.report import AuditReport
    from optlint.integrations.pytest_auditor import Auditor

AUDITOR = "optlint-auditor"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag and the ini key."""
    words = "audit the optimizers of every test: a passing test with an error diagnostic fails"
    parser.getgroup("optlint").addoption("--optlint", action="store_true", default=False, help=words)
    parser.addini("optlint", words, type="bool", default=False)


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"{MARK}(ignore=[...]): audit the optimizers of this test, without these rules")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Load the audit if any test is to be audited."""
    if any(map(is_audited, session.items)):
        _auditor(session.config)


@pytest.fixture
def optimizer_audit(request: pytest.FixtureRequest) -> AuditReport:
    """The live `AuditReport` of this test: what its optimizers have done up to now."""
    return _auditor(request.config).report_of(request.node)


def _auditor(config: pytest.Config) -> Auditor:
    """The one auditor of this process, which is made when it is first needed."""
    from optlint.integrations.pytest_auditor import Auditor

    auditor = config.pluginmanager.get_plugin(AUDITOR)
    if auditor is None:
        auditor = Auditor()
        config.pluginmanager.register(auditor, AUDITOR)
    return auditor


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List the warnings that audits of passing tests have come up with, each once."""
    said: dict[str, list[str]] = {}
    for report in _reports(terminalreporter):
        for line in getattr(report, WARNINGS, ()):
            said.setdefault(line, []).append(report.nodeid)
    if said:
        terminalreporter.section("optlint warnings")
    for line, tests in said.items():
        others = f" and {len(tests) - 1} more" if len(tests) > 1 else ""
        terminalreporter.line(f"{tests[0]}{others}")
        terminalreporter.line(f"  {line}")


def _reports(terminalreporter: Any) -> Iterator[Any]:
    return (report for reports in terminalreporter.stats.values() for report in reports)
