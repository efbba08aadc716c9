from __future__ import annotations

import pytest

from optlint.arguments import Option, UsageError, help_page, parse

OPTIONS = (
    Option(("--select",), "which", "RULES"),
    Option(("--quiet", "-q"), "say less"),
    Option(("--add-ignore",), "silence", "REASON", needs_value=False),
)


def test_paths_and_options_may_be_mixed() -> None:
    arguments = parse(["a", "--select", "x,y", "b", "-q", "--select=z ,", "-", "--", "--c"], OPTIONS)
    assert arguments.paths == ("a", "b", "-", "--c")
    assert arguments.words("--select") == ("x", "y", "z")
    assert arguments.value("--select") == "z ,"
    assert arguments.has("--quiet")


def test_what_is_not_given_has_no_value() -> None:
    arguments = parse([], OPTIONS)
    assert (arguments.has("--quiet"), arguments.value("--select", "d"), arguments.words("--select")) == (False, "d", ())


def test_a_value_may_be_optional() -> None:
    assert parse(["--add-ignore", "a"], OPTIONS).paths == ("a",)
    assert parse(["--add-ignore=why"], OPTIONS).value("--add-ignore") == "why"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--slect", "x"], "there is no option `--slect`, did you mean `--select`"),
        (["--selec=x"], "no option `--selec`, did you mean `--select`"),
        (["-x"], "there is no option `-x`"),
        (["--select"], "`--select` needs a value: RULES"),
        (["--quiet=yes"], "`--quiet` takes no value"),
    ],
)
def test_wrong_arguments_are_named(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse(words, OPTIONS)


def test_the_help_page_lists_every_option() -> None:
    page = help_page("tool [OPTIONS]", "About.", OPTIONS)
    assert page.startswith("usage: tool [OPTIONS]\n\nAbout.\n")
    for shown in ("--select RULES ", "--quiet, -q ", "--add-ignore[=REASON]  silence", "--help, -h "):
        assert shown in page


def test_the_help_page_fits_a_narrow_terminal() -> None:
    page = help_page("tool " + "[OPTION] " * 10, "About " * 20, [Option(("--word",), "what it does " * 10, "VALUE")])
    assert max(map(len, page.splitlines())) < 80
    assert any(line.startswith(" " * 16) for line in page.splitlines())
