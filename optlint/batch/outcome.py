"""What came of looking at files: the results one by one, and all of them."""

from __future__ import annotations

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.batch.policies import Policies
    from optlint.diagnostic import Diagnostic
    from optlint.discovery.found import SourceFile


class FileResult(NamedTuple):
    """What was found in one file, and left after fixes; `crash` says how the engine failed on it, if it did."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    crash: str | None = None
    parsed: bool = True
    fixes: int = 0
    ignored: int = 0
    change: Change | None = None
    refusal: str = ""  # why something was not fixed


class Examined(NamedTuple):
    """What came of a file that had to be parsed, the digest of its bytes, and the paths that this depends on."""

    result: FileResult
    content: str
    others: frozenset[str] = frozenset()


class Change(NamedTuple):
    """A source before and after its fixes."""

    before: bytes | str
    after: bytes


class Gathered(NamedTuple):
    """What a run has looked at, and what it has found."""

    results: list[FileResult]
    policies: Policies
    files: list[SourceFile]
    wrong_paths: bool
    known: int = 0  # diagnostics that the baseline has, and that are left out here

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All diagnostics, files in the order in which they were found."""
        return [diagnostic for result in self.results for diagnostic in result.diagnostics]

    @property
    def fixes(self) -> int:
        """How many diagnostics were fixed, or would be."""
        return sum(result.fixes for result in self.results)

    @property
    def ignored(self) -> int:
        """How many diagnostics were hidden by new comments, or would be."""
        return sum(result.ignored for result in self.results)

    @property
    def given(self) -> dict[str, bytes | str]:
        """The sources that are in no file, by name, with their fixes."""
        sources = {file.path: file.data for file in self.files if file.data is not None}
        fixed = {result.path: result.change.after for result in self.results if result.change}
        return {name: fixed.get(name, source) for name, source in sources.items()}

    @property
    def has_news(self) -> bool:
        """Whether there is more to say than that all is well."""
        return bool(self.diagnostics or self.known or any(result.change for result in self.results))

    @property
    def failed(self) -> bool:
        """Whether something other than the source stood in the way."""
        return self.wrong_paths or any(result.crash for result in self.results)
