from __future__ import annotations

import io
import re
import tokenize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlint.diagnostic import Span
from optlint.linting.suppress import apply, find_directives, read_suppressions
from optlint.rule import Rule, registry_of

ITERATOR = Rule("OPT101", "reused-iterator", "")
NO_GRAD = Rule("OPT201", "no-grad", "")
REGISTRY = registry_of([ITERATOR, NO_GRAD], [])


def hidden(text: str) -> list[str]:
    """The codes and rows that are hidden, of all that could be."""
    suppressions, _ = read_suppressions(find_directives(text), REGISTRY)
    rows = range(1, text.count("\n") + 2)
    all_of_them = [rule.at(Span("f.py", row, 1, row, 2), "") for row in rows for rule in (ITERATOR, NO_GRAD)]
    visible = apply(suppressions, all_of_them).visible
    return [f"{one.code}:{one.span.row}" for one in all_of_them if one not in visible]


def misuses(text: str) -> list[str]:
    return [misuse.reason for misuse in read_suppressions(find_directives(text), REGISTRY)[1]]


HIDING = {
    "by code": ("a\nb  # optlint: ignore[OPT101]\n", ["OPT101:2"]),
    "by name, without spaces": ("a #optlint:ignore[no-grad]\n", ["OPT201:1"]),
    "code in lower case": ("a # optlint: ignore[opt101]\n", ["OPT101:1"]),
    "several, and a reason": ("a # optlint: ignore[ OPT101 ,no-grad ] known [bug]\n", ["OPT101:1", "OPT201:1"]),
    "beside other comments": ("a  # type: ignore # optlint: ignore[OPT101] why # pragma\n", ["OPT101:1"]),
    "any line of a statement": (
        "a = f(\n  b, # optlint: ignore[OPT101]\n  c)\nd\n",
        ["OPT101:1", "OPT101:2", "OPT101:3"],
    ),
    "a backslash joins lines": ("a = b + \\\n  c # optlint: ignore[OPT101]\n", ["OPT101:1", "OPT101:2"]),
    "after a long string": ("a = '''\n\n''' # optlint: ignore[OPT101]\n", ["OPT101:1", "OPT101:2", "OPT101:3"]),
    "only the header of a block": ("for a in (\n  b): # optlint: ignore[OPT101]\n  c\n", ["OPT101:1", "OPT101:2"]),
    "a line of its own": ("# optlint: ignore[OPT101]\na\n", ["OPT101:1"]),
    "line ends of all kinds": ("a\r\nb\rc  # optlint: ignore[OPT101]\r\nd\n", ["OPT101:3"]),
    "range": ("a\n# optlint: disable[OPT101]\nb\n# optlint: enable[OPT101]\nc\n", ["OPT101:2", "OPT101:3", "OPT101:4"]),
    "range by another word": (
        "# optlint: disable[OPT101]\n# optlint: enable[reused-iterator]\na",
        ["OPT101:1", "OPT101:2"],
    ),
    "range without end": ("a\nb # optlint: disable[OPT201]\nc", ["OPT201:2", "OPT201:3"]),
    "nested ranges": (
        "# optlint: disable[OPT101]\n# optlint: disable[OPT201]\n# optlint: enable[OPT101]\na",
        ["OPT101:1", "OPT101:2", "OPT201:2", "OPT101:3", "OPT201:3", "OPT201:4"],
    ),
    "file": ("a\nb\n# optlint: ignore-file[OPT101]\n", ["OPT101:1", "OPT101:2", "OPT101:3", "OPT101:4"]),
    "noqa": ("a # noqa\nb # NOQA : x\nc", ["OPT101:1", "OPT201:1", "OPT101:2", "OPT201:2"]),
    "noqa with codes": ("a # noqa: E501, opt101\nb # noqa:OPT201 why\nc # noqa: E501\n", ["OPT101:1", "OPT201:2"]),
    "noqa on any line": ("a(\n  b,  # noqa: OPT101\n)\n", ["OPT101:1", "OPT101:2", "OPT101:3"]),
    "in strings": ('a = \'# optlint: ignore[OPT101]\'\n"""\n# noqa\n"""\n', []),
    "in f-strings": ('a = f\'{b["# noqa"]} # noqa\'\nc = rf"{{# noqa"\nd = f"{e["#"]}" # noqa: OPT101\n', ["OPT101:3"]),
    "after an escaped quote": ("a = '\\'# noqa'\nb = r'\\\\'  # noqa: OPT101\n", ["OPT101:2"]),
    "an unclosed string ends with its line": ("a = '\nb # noqa: OPT101\n", ["OPT101:2"]),
    "prose": ("# see optlint: ignore[OPT101] means\n# noqas\n# use noqa\n", []),
    "an unknown verb": ("a # optlint: ignored[OPT101]\n", []),
}


@pytest.mark.parametrize(("text", "codes"), HIDING.values(), ids=HIDING)
def test_what_is_hidden(text: str, codes: list[str]) -> None:
    assert hidden(text) == codes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a # optlint: ignore\n", "the rules must be named in brackets"),
        ("a # optlint: ignore[]\n", "the rules must be named in brackets"),
        ("a # optlint: OPT101\n", "`OPT101` is none of ignore, disable, enable, ignore-file"),
        ("a # optlint: ignroe[OPT101]\n", "`ignroe` is none of .*, did you mean `ignore`"),
        ("a # optlint: ignore[OPT102]\n", "there is no rule `OPT102`, did you mean `OPT1"),
        ("a # optlint: ignore[OPT1]\n", "there is no rule `OPT1`"),
        ("a # optlint: enable[OPT101]\n", "`OPT101` is not disabled here"),
        ("# optlint: disable[OPT101]\n# optlint: enable[OPT101]\n# optlint: enable[OPT101]", "is not disabled here"),
    ],
)
def test_what_hides_nothing_is_told(text: str, reason: str) -> None:
    (told,) = misuses(text)
    assert re.search(reason, told)


def test_codes_of_other_tools_are_not_our_business() -> None:
    assert misuses("a # noqa: E501\nb # noqa: XYZ999\n") == []


def test_only_what_hides_something_is_used() -> None:
    text = "a # optlint: ignore[OPT101, OPT201]\n# optlint: ignore-file[OPT201]\n"
    suppressions, _ = read_suppressions(find_directives(text), REGISTRY)
    used = apply(suppressions, [ITERATOR.at(Span("f.py", 1, 1, 1, 2), "")]).used
    assert [(one.code, one in used) for one in suppressions] == [("OPT101", True), ("OPT201", False), ("OPT201", False)]


def test_a_word_knows_where_it_stands() -> None:
    (directive,) = find_directives("é = 1  # x # optlint: ignore[OPT101, no-grad] why\n")
    assert directive.words
    assert [(word.text, word.row, word.column, word.end_column) for word in directive.words] == [
        ("OPT101", 1, 30, 36),
        ("no-grad", 1, 38, 45),
    ]
    assert (directive.column, directive.text) == (12, "# optlint: ignore[OPT101, no-grad] why")


pieces = st.sampled_from(
    ["a", " = ", "'", '"', "'''", '"""', "#", " # noqa", "\n", "\\", "\\\n", "(", ")", "f'", 'rb"', "{", "}", "b"]
)


@given(st.lists(pieces, max_size=25).map("".join))
def test_comments_are_those_that_python_sees(source: str) -> None:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
        compile(source, "f.py", "exec")
    except (SyntaxError, tokenize.TokenError, ValueError):
        return
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    expected = [
        (one.start[0], one.start[1] + match.start() + 1)
        for one in comments
        for match in re.finditer(r"#[ \t]*noqa\b", one.string)
    ]
    assert [(one.row, one.column) for one in find_directives(source)] == expected
