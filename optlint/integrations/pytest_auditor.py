"""The part of the pytest plug-in that audits tests; loaded only where a test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from optlint.auditing.memory.lineage import Lineage
from optlint.auditing.memory.summaries import AuditFacts
from optlint.auditing.processes.arrival import when_imported
from optlint.auditing.reports.choice import Choice
from optlint.auditing.reports.report import AuditReport
from optlint.auditing.reports.summary import summary
from optlint.diagnostic import Severity
from optlint.integrations.pytest_marks import MARK, WARNINGS, is_audited
from optlint.settings.selection import UnknownRuleError

if TYPE_CHECKING:
    from collections.abc import Generator

    from optlint.auditing.session import Session
    from optlint.diagnostic import Diagnostic

AUDIT: pytest.StashKey[OneTest] = pytest.StashKey()


class Auditor:
    """Keeps one audit a test, from before its fixtures to the end of its call."""

    def __init__(self) -> None:
        self._choices: dict[tuple[str, ...], Choice] = {}
        self._lineage = Lineage()  # fixtures outlive a test

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Whatever happens, the hooks are gone after the test."""
        try:
            return (yield)
        finally:
            if audit := item.stash.get(AUDIT, None):
                audit.discard()
                del item.stash[AUDIT]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin before the fixtures."""
        if is_audited(item):
            self.begin(item)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test that would pass fails on an error; one that fails anyway shows what the audit found."""
        try:
            result = yield
        except Exception as error:
            if audit := item.stash.get(AUDIT, None):
                audit.end(error)
                audit.show()
            raise
        if audit := item.stash.get(AUDIT, None):  # the fixture may have begun it meanwhile
            audit.end(None)
            audit.show()
            audit.fail_on_errors()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Send the warnings of a passing test along with its report, across processes too."""
        report = yield
        audit = item.stash.get(AUDIT, None)
        if audit and call.when == "call" and report.passed:
            setattr(report, WARNINGS, [_line(one) for one in audit.found(Severity.WARNING)])
        return report

    def begin(self, item: pytest.Item) -> OneTest:
        """Audit this test from now on."""
        ignored = _ignored(item)
        if ignored not in self._choices:
            self._choices[ignored] = _choice(ignored)
        audit = item.stash[AUDIT] = OneTest(item, self._choices[ignored], self._lineage)
        return audit

    def report_of(self, item: pytest.Item) -> AuditReport:
        """The live report of this test."""
        audit = item.stash.get(AUDIT, None) or self.begin(item)
        return AuditReport(audit.facts)


class OneTest:
    """The audit of one test."""

    def __init__(self, item: pytest.Item, choice: Choice, lineage: Lineage) -> None:
        self._item = item
        self._choice = choice
        self._lineage = lineage
        self._session: Session | None = None
        self._last = AuditFacts("")
        self._call_off = when_imported("torch", self._begin)

    def _begin(self) -> None:
        from optlint.auditing.options import Options
        from optlint.auditing.session import Session

        self._session = Session(Options(registry=self._choice.registry, lineage=self._lineage))
        self._session.start()

    def end(self, error: BaseException | None) -> None:
        """Judge; what comes after (teardown) is not watched."""
        self._call_off()
        if self._session is not None:
            self._session.stop(error)
            self._last = self.facts()
            self._session = None

    def discard(self) -> None:
        """Remove the hooks, where `end` has not done so before."""
        self._call_off()
        session, self._session = self._session, None
        if session is not None:
            session.discard()

    def facts(self) -> AuditFacts:
        """What is known up to now, without what marks, configuration or comments turn off."""
        if self._session is None:
            return self._last
        return self._choice.of_facts(self._session.report().facts)

    def show(self) -> None:
        """Add the report to what is shown of the test if it fails."""
        if any(one.severity.counts for one in self._last.diagnostics):
            self._item.add_report_section("call", "optlint", summary(self._last))

    def fail_on_errors(self) -> None:
        """Fail the test where the audit found an error."""
        errors = sorted({f"{one.code} {one.name}" for one in self.found(Severity.ERROR)})
        if errors:
            pytest.fail(f"the optimizer audit found {', '.join(errors)}", pytrace=False)

    def found(self, severity: Severity) -> list[Diagnostic]:
        """The diagnostics of this severity."""
        return [one for one in self._last.diagnostics if one.severity is severity]


def _line(diagnostic: Diagnostic) -> str:
    where = f"{diagnostic.span.filename}:{diagnostic.span.row}"
    return f"{where}: {diagnostic.code} {diagnostic.message} [{diagnostic.name}]"


def _ignored(item: pytest.Item) -> tuple[str, ...]:
    """The rules that the marks of the test, of its class and of its module turn off."""
    ignored: list[str] = []
    for mark in item.iter_markers(MARK):
        if mark.args or set(mark.kwargs) - {"ignore"}:
            pytest.fail(f"the mark `{MARK}` takes ignore=[...] and nothing else, such as OPT101", pytrace=False)
        ignored += mark.kwargs.get("ignore", ())
    return tuple(ignored)


def _choice(ignored: tuple[str, ...]) -> Choice:
    try:
        return Choice(ignore=ignored)
    except UnknownRuleError as error:
        problem = str(error)
    pytest.fail(f"the mark `{MARK}` names an {problem}", pytrace=False)
