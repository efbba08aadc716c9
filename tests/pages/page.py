"""From Markdown to cases: what a page asks to be linted, run and compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from packaging.specifiers import SpecifierSet

from tests.pages.marks import Line, PageError, read_line
from tests.pages.notebooks import is_notebook, notebook_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FENCE = re.compile(r"^(?P<ticks>`{3,})\s*(?P<language>[\w+-]*)\s*(?P<rest>.*?)\s*$")
HEADING = re.compile(r"^#{1,6}\s+(?P<text>.*?)\s*$")
OURS = ("python", "toml")
FLAGS = frozenset({"setup", "run", "fixed", "unsafe", "notebook", "config"})
VALUES = frozenset({"file", "as", "raises"})
TORCH = re.compile(r"torch(?P<versions>(?:>=|<=|==|<|>)\d+(?:\.\d+)*)$")


class Attributes(NamedTuple):
    """What stands in braces behind a fence's language."""

    flags: frozenset[str] = frozenset()
    values: tuple[tuple[str, str], ...] = ()
    torch: SpecifierSet = SpecifierSet()

    def value(self, key: str) -> str | None:
        """The value of `key=value`, if it was given."""
        return dict(self.values).get(key)


class Fence(NamedTuple):
    """One fenced block; `row` is the page's line of the opening fence."""

    row: int
    heading: str
    language: str
    attributes: Attributes
    lines: tuple[str, ...]


class Source(NamedTuple):
    """A file to lint: its name in the linted folder, and its lines."""

    name: str
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """What the linter gets: the code without marks."""
        if is_notebook(self.name):
            return notebook_text(self.lines)
        return "".join(f"{line.text}\n" for line in self.lines)


class Case(NamedTuple):
    """One test; the last of `files` is the block itself, with the page's preamble above it."""

    heading: str
    row: int
    attributes: Attributes
    files: tuple[Source, ...]
    config: str
    own_code: str | None
    above: Case | None = None  # of a `.fixed` block: the block that the fix is for

    @property
    def main(self) -> Source:
        """The block itself."""
        return self.files[-1]

    @property
    def runs(self) -> bool:
        """Whether the block is executed."""
        return "run" in self.attributes.flags or bool(self.above and self.above.runs)


def read_page(path: Path) -> list[Case]:
    """All cases of the page at `path`, in order."""
    code = re.search(r"OPT\d{3}", f"{path.parent.name}/{path.name}")
    return _Reader(code and code.group()).cases(read_fences(path.read_text(encoding="utf-8")))


def read_fences(text: str) -> Iterator[Fence]:
    """All fenced blocks of a Markdown text."""
    heading = "page"
    lines = iter(enumerate(text.splitlines(), start=1))
    for row, line in lines:
        if found := HEADING.match(line):
            heading = slug(found["text"])
        elif found := FENCE.match(line):
            attributes = (
                read_attributes(row, found["rest"]) if found["language"] in ("python", "toml") else Attributes()
            )
            yield Fence(row, heading, found["language"], attributes, tuple(_until(found["ticks"], row, lines)))


def _until(ticks: str, row: int, lines: Iterator[tuple[int, str]]) -> Iterator[str]:
    for _, line in lines:
        if line.startswith(ticks) and not line.strip("` "):
            return
        yield line
    raise PageError(f"line {row}: this block is never closed")


def slug(heading: str) -> str:
    """A heading as it stands in the name of a test."""
    return re.sub(r"[^\w]+", "-", heading.lower()).strip("-") or "page"


def read_attributes(row: int, text: str) -> Attributes:
    """Read `{.flag key=value torch>=2}`; anything unknown is an error."""
    if text and not (text.startswith("{") and text.endswith("}")):
        raise PageError(f"line {row}: attributes stand in braces: {text}")
    flags, values, torch = set(), {}, SpecifierSet()
    for word in text.strip("{}").split():
        key, equals, value = word.partition("=")
        if word.startswith(".") and word[1:] in FLAGS:
            flags.add(word[1:])
        elif equals and value and key in VALUES:
            values[key] = value
        elif versions := TORCH.match(word):
            torch &= SpecifierSet(versions["versions"])
        else:
            raise PageError(f"line {row}: unknown attribute: {word}")
    return Attributes(frozenset(flags), tuple(values.items()), torch)


class _Reader:
    """Reads the fences of one page in order, and keeps what later blocks depend on."""

    def __init__(self, own_code: str | None) -> None:
        self.own_code = own_code
        self.heading = ""
        self.setup: tuple[Line, ...] = ()
        self.siblings: tuple[Source, ...] = ()
        self.config = ""
        self.last: Case | None = None

    def cases(self, fences: Iterator[Fence]) -> list[Case]:
        cases = [case for fence in fences for case in self.read(fence)]
        self.refuse_lonely_files()
        return cases

    def refuse_lonely_files(self) -> None:
        if self.siblings:
            raise PageError(f"the file {self.siblings[-1].name} belongs to no block of its section")

    def read(self, fence: Fence) -> Iterator[Case]:
        self.enter_section(fence)
        flags, values = fence.attributes.flags, fence.attributes
        if fence.language == "toml" and "config" in flags:
            self.config = "".join(f"{line}\n" for line in fence.lines)
        elif fence.language != "python":
            return
        elif "setup" in flags:
            self.setup += self.lines(fence)
        elif name := values.value("file"):
            self.siblings += (Source(name, self.lines(fence)),)
        else:
            self.last = self.case(fence)
            self.siblings = ()
            yield self.last

    def enter_section(self, fence: Fence) -> None:
        if fence.heading != self.heading:
            self.refuse_lonely_files()
            self.heading, self.config = fence.heading, ""

    def lines(self, fence: Fence) -> tuple[Line, ...]:
        return tuple(read_line(row, raw, self.own_code) for row, raw in enumerate(fence.lines, start=fence.row + 1))

    def case(self, fence: Fence) -> Case:
        flags, values = fence.attributes.flags, fence.attributes
        above = self.last if "fixed" in flags else None
        self.refuse(fence, "fixed" in flags and above is None, "`.fixed` stands below the block that it mends")
        self.refuse(fence, "unsafe" in flags and above is None, "`.unsafe` goes with `.fixed`")
        self.refuse(fence, bool(values.value("raises")) and "run" not in flags, "`raises=` goes with `.run`")
        self.refuse(fence, "config" in flags, "`.config` goes with toml")
        self.refuse(fence, "notebook" in flags and "run" in flags, "a notebook is linted, not run")
        name = values.value("as") or ("main.ipynb" if "notebook" in flags else "main.py")
        main = Source(name, self.setup + self.lines(fence))
        files = (*(above.files[:-1] if above else self.siblings), main)
        return Case(fence.heading, fence.row, fence.attributes, files, self.config, self.own_code, above)

    def refuse(self, fence: Fence, wrong: bool, message: str) -> None:
        if wrong:
            raise PageError(f"line {fence.row}: {message}")
