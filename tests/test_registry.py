"""Every rule keeps its house in order: a page, cases, a name that reads well, a module of the same name."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from optlint.flow import events
from optlint.own_rules import all_rules
from optlint.rule import RUN_ONLY, Rule
from scripts.rules_table import table
from tests.pages.page import read_page

ROOT = Path(__file__).parents[1]
REGISTRY = all_rules()
RULES = REGISTRY.rules
SECTIONS = ("What it finds", "Why it is bad", "Example", "Use instead", "Limits")
MIN_CASES = 12
MIN_SILENT = 4
MAX_LINES = 80


def page_of(code: str) -> Path:
    (page,) = (ROOT / "rules").glob(f"{code}-*.md")
    return page


def case_blocks(code: str) -> list:
    return [case for page in sorted((ROOT / "tests/cases" / code).glob("*.md")) for case in read_page(page)]


def complaints_about_name(name: str) -> list[str]:
    """A name says in kebab-case what is wrong, never what to do."""
    words = name.split("-")
    complaints = [] if re.fullmatch(r"[a-z]+(-[a-z]+)+", name) else ["not in kebab-case, or one word only"]
    return complaints + [f"`{word}` is a remedy" for word in words if word in ("use", "avoid", "prefer", "no", "dont")]


def complaints_about_page(text: str, code: str, name: str) -> list[str]:
    """What a page lacks."""
    lines = text.splitlines()
    title = [] if lines[:1] == [f"# {code} {name}"] else [f"the first line is not `# {code} {name}`"]
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    missing = [f"no section `{section}`" for section in SECTIONS if section not in headings]
    known = [heading for heading in headings if heading in SECTIONS]
    order = [] if known == [section for section in SECTIONS if section in known] else ["sections out of order"]
    length = [f"{len(lines)} lines are too many"] if len(lines) > MAX_LINES else []
    return title + missing + order + length


def complaints_about_needs(rule: Rule) -> list[str]:
    """Literals that the prefilter can use: every tuple holds some that do not contain each other."""
    complaints = [] if rule.needs else ["without literals it asks for every file that uses PyTorch"]
    for clause in rule.needs:
        if not isinstance(clause, tuple) or not clause or not all(isinstance(one, str) and one[1:] for one in clause):
            complaints.append(f"not a tuple of literals: {clause!r}")
        else:
            pairs = [(one, other) for one in clause for other in clause if one != other and one in other]
            complaints += [f"`{other}` never helps beside `{one}`" for one, other in pairs]
    return complaints


def is_found_in_source(code: str) -> bool:
    subjects = [subject for subject, checks in REGISTRY.checks.items() if code in {check.rule.code for check in checks}]
    return any(hasattr(events, subject) for subject in subjects)


@pytest.fixture(params=RULES.values(), ids=lambda rule: rule.code)
def rule(request):
    return request.param


def test_its_name_and_code_are_well_formed(rule):
    assert re.fullmatch(r"OPT[1-9]\d\d", rule.code)
    assert complaints_about_name(rule.name) == []


@pytest.mark.parametrize("name", ["Reused", "reused", "reused_iterator", "use-a-list", "no-grad", "reused--iterator"])
def test_an_ill_formed_name_is_seen(name):
    assert complaints_about_name(name)


def test_names_and_codes_are_distinct():
    modules = sorted((ROOT / "optlint/checks").glob("opt*.py"))
    found = [importlib.import_module(f"optlint.checks.{path.stem}").rule for path in modules]
    assert len({rule.code for rule in found}) == len({rule.name for rule in found}) == len(modules)


def test_its_module_bears_code_and_name(rule):
    module = ROOT / "optlint/checks" / f"{rule.code.lower()}_{rule.name.replace('-', '_')}.py"
    assert module.is_file() or rule.code.startswith("OPT9")


def test_its_summary_is_one_line(rule):
    assert rule.summary
    assert "\n" not in rule.summary
    assert len(rule.summary) <= 100
    assert not rule.summary.endswith(".")


def test_its_page_has_all_sections(rule):
    page = page_of(rule.code)
    assert page.stem == f"{rule.code}-{rule.name}"
    assert complaints_about_page(page.read_text(encoding="utf-8"), rule.code, rule.name) == []


GOOD_PAGE = "# OPT101 a-name\n" + "".join(f"\n## {section}\n" for section in SECTIONS)


@pytest.mark.parametrize(
    "page",
    [
        GOOD_PAGE.replace("a-name", "b-name"),
        GOOD_PAGE.replace("## Limits", "## Limit"),
        GOOD_PAGE.replace("## Limits\n", "").replace("## Example", "## Limits\n\n## Example"),
        GOOD_PAGE + "\n" * MAX_LINES,
    ],
)
def test_a_poor_page_is_seen(page):
    assert complaints_about_page(GOOD_PAGE, "OPT101", "a-name") == []
    assert complaints_about_page(page, "OPT101", "a-name")


def test_its_cases_are_many_and_some_are_silent(rule):
    blocks = case_blocks(rule.code)
    silent = [block for block in blocks if not any(line.marks for line in block.main.lines)]
    if not rule.code.startswith("OPT9"):
        assert len(blocks) >= MIN_CASES, f"{len(blocks)} blocks in tests/cases/{rule.code}, of {MIN_CASES}"
        assert len(silent) >= MIN_SILENT, f"{len(silent)} silent blocks in tests/cases/{rule.code}, of {MIN_SILENT}"


def test_its_page_shows_what_it_finds(rule):
    marks = [mark for case in read_page(page_of(rule.code)) for line in case.main.lines for mark in line.marks]
    assert rule.code in {mark.code for mark in marks} or rule.code == "OPT902"  # no page can make a rule crash


def test_its_literals_can_be_used(rule):
    if is_found_in_source(rule.code):
        assert complaints_about_needs(rule) == []
    elif not rule.code.startswith("OPT9"):
        assert rule.needs == RUN_ONLY


@pytest.mark.parametrize("needs", [(), ("torch",), RUN_ONLY, (("",),), (("optim", "torch.optim"),), ((b"torch",),)])
def test_useless_literals_are_seen(needs):
    assert complaints_about_needs(Rule("OPT101", "a-name", "x", needs=needs))
    assert not complaints_about_needs(Rule("OPT101", "a-name", "x", needs=(("torch",), ("filter", "map("))))


def test_each_page_has_a_rule():
    pages = [path.stem.partition("-")[0] for path in (ROOT / "rules").glob("OPT*.md")]
    assert sorted(code for code in pages if code not in RULES and not code.startswith("OPT9")) == []
    assert len(pages) == len(set(pages))


def test_each_folder_of_cases_has_a_rule():
    folders = [path.name for path in (ROOT / "tests/cases").glob("OPT*")]
    assert sorted(set(folders) - set(RULES)) == []


def test_the_table_is_up_to_date():
    assert (ROOT / "rules/README.md").read_text(encoding="utf-8") == table(), "run: python scripts/rules_table.py"
