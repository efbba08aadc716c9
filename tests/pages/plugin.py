"""The pytest side of the page runner."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages.execute import RunError, execute, torch_fits
from tests.pages.lint import LintError, can_audit, fix_case, lint_case, never_asked
from tests.pages.marks import PageError
from tests.pages.page import Case, read_page
from tests.pages.verdict import FixError, SurpriseError, compare, compare_fix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RULE_PAGE = re.compile(r"OPT\d{3}-.*\.md")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    """Take rule pages and case pages for tests."""
    root = parent.config.rootpath
    is_rule = file_path.parent == root / "rules" and RULE_PAGE.fullmatch(file_path.name)
    is_case = root / "tests" / "cases" in file_path.parents and file_path.suffix == ".md"
    return PageFile.from_parent(parent, path=file_path) if is_rule or is_case else None


class PageFile(pytest.File):
    """A page; its children are its sections."""

    def collect(self) -> Iterator[pytest.Collector]:
        """Its sections that hold cases; sections of one name are one."""
        headings: dict[str, list[Case]] = {}
        for case in read_page(self.path):
            headings.setdefault(case.heading, []).append(case)
        for heading, cases in headings.items():
            yield Section.from_parent(self, name=heading, cases=cases)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Say in one line what is wrong with the page."""
        if isinstance(excinfo.value, PageError):
            return f"{self.nodeid}: {excinfo.value}"
        return super().repr_failure(excinfo, *args, **kwargs)


class Section(pytest.Collector):
    """All cases under one heading."""

    def __init__(self, *, cases: list[Case], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cases = cases

    def collect(self) -> Iterator[pytest.Item]:
        """One item a case."""
        for case in self.cases:
            yield Block.from_parent(self, name=str(case.row), case=case)


class Block(pytest.Item):
    """One case as a test."""

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case

    def runtest(self) -> None:
        """Lint it, compare with the marks, and run it where the page asks for that."""
        compare(self.case, lint_case(self.case), "error")
        if self.case.above:
            compare_fix(self.case, fix_case(self.case.above, unsafe="unsafe" in self.case.attributes.flags))
        if self.case.runs:
            if not torch_fits(self.case):
                pytest.skip(f"linted, but not run: needs torch{self.case.attributes.torch}")
            said = execute(self.case, self.path)
            if can_audit():
                compare(self.case, said, "audit")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *args: Any, **kwargs: Any) -> Any:
        """Show the block with its surprises in place, or the page's lines that failed."""
        where = f"{self.path.relative_to(self.config.rootpath)}:{self.case.row}"
        if isinstance(excinfo.value, SurpriseError):
            words = [one.word for one in excinfo.value.surprises]
            counts = f"{words.count('missing')} missing, {words.count('noisy')} noisy"
            hints = "\n".join(never_asked(self.case)) if "missing" in words else ""
            return f"{where}: {counts}\n\n{excinfo.value}" + f"\n\n{hints}" * bool(hints)
        if isinstance(excinfo.value, RunError | LintError | FixError):
            return f"{where}: {excinfo.value}"
        return super().repr_failure(excinfo, *args, **kwargs)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where the block stands, and its name."""
        return self.path, self.case.row - 1, self.nodeid
