"""Many files: which of them need a parser at all, under which policy, and what was found in each."""

from __future__ import annotations

from optlint.config import ConfigError
from optlint.named_tuple import NamedTuple
from optlint.prefilter import uses_torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.config import Config
    from optlint.diagnostic import Diagnostic
    from optlint.files import SourceFile
    from optlint.mending import Mending
    from optlint.policy import Policy
    from optlint.rule import Registry
    from optlint.selection import Selection


class FileResult(NamedTuple):
    """What was found in one file, and left after fixes; `crash` says how the engine failed on it, if it did."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    crash: str | None = None
    parsed: bool = True
    fixes: int = 0
    change: Change | None = None
    refusal: str = ""  # why something was not fixed


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

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All diagnostics, files in the order in which they were found."""
        return [diagnostic for result in self.results for diagnostic in result.diagnostics]

    @property
    def fixes(self) -> int:
        """How many diagnostics were fixed, or would be."""
        return sum(result.fixes for result in self.results)

    @property
    def given(self) -> dict[str, bytes | str]:
        """The sources that are in no file, by name, with their fixes."""
        sources = {file.path: file.data for file in self.files if file.data is not None}
        fixed = {result.path: result.change.after for result in self.results if result.change}
        return {name: fixed.get(name, source) for name, source in sources.items()}

    @property
    def failed(self) -> bool:
        """Whether something other than the source stood in the way."""
        return self.wrong_paths or any(result.crash for result in self.results)


class Policies:
    """The policy of each configuration; rules are loaded when the first is asked for."""

    def __init__(self, command_line: Selection, registry: Registry | None = None) -> None:
        self._command_line = command_line
        self._registry = registry
        self._of_config: dict[Config, Policy] = {}

    def of(self, config: Config) -> Policy:
        """The policy of this configuration; `ConfigError` if it names a rule that does not exist."""
        if config not in self._of_config:
            self._of_config[config] = self._built(config)
        return self._of_config[config]

    def validate(self, config: Config) -> None:
        """Raise `ConfigError` now if the configuration or the command line names a rule that does not exist."""
        if config.rule_words or any(self._command_line):
            self.of(config)

    @property
    def registry(self) -> Registry:
        """Every rule there is."""
        from optlint.own_rules import all_rules

        self._registry = self._registry or all_rules()
        return self._registry

    def _built(self, config: Config) -> Policy:
        from optlint.policy import policy_of
        from optlint.selection import UnknownRuleError

        try:
            return policy_of(self.registry, config, self._command_line)
        except UnknownRuleError as error:
            raise ConfigError(f"{config.path or 'command line'}: {error}") from None


def check_file(file: SourceFile, policies: Policies, mending: Mending | None = None) -> FileResult:
    """Read one file, lint it if its bytes let it seem worth while, and mend it if that is wanted."""
    if file.trouble:
        return _unreadable(file, file.trouble, policies)
    if file.data is not None:
        return _check_source(file, file.data, policies, mending)
    try:
        with open(file.path, "rb") as opened:
            data = opened.read()
    except OSError as error:
        return _unreadable(file, error.strerror or str(error), policies)
    except MemoryError:
        return _unreadable(file, "it is too large", policies)
    return _check_source(file, data, policies, mending)


def _check_source(file: SourceFile, source: bytes | str, policies: Policies, mending: Mending | None) -> FileResult:
    data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    if not (_worth_parsing(file, data, policies) or (file.named and _is_broken(file.path, data))):
        return FileResult(file.path, parsed=False)
    from optlint.judging import AnalysisError
    from optlint.linter import lint

    policy = policies.of(file.config)
    try:
        if mending:
            return _mended(file, source, policy, mending)
        return FileResult(file.path, tuple(lint(source, file.path, policy)))
    except AnalysisError as error:
        return FileResult(file.path, crash=str(error))


def _mended(file: SourceFile, source: bytes | str, policy: Policy, mending: Mending) -> FileResult:
    from optlint.mending import mend

    mended = mend(source, file, policy, mending)
    change = Change(source, mended.data) if mended.data is not None else None
    return FileResult(file.path, mended.remaining, fixes=mended.fixes, change=change, refusal=mended.refusal)


def _worth_parsing(file: SourceFile, data: bytes, policies: Policies) -> bool:
    """Ask for PyTorch and suppressions first: most files have neither, and then no rule needs to be loaded."""
    is_torch_user = uses_torch(data)
    if not is_torch_user and b"optlint:" not in data and b"noqa" not in data:
        return False
    return policies.of(file.config).prefilter.lets_through(data) or (is_torch_user and not _is_text(data))


def _is_text(data: bytes) -> bool:
    """Whether the bytes look like a source text; a cookie that names another encoding is left to the parser."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _is_broken(path: str, data: bytes) -> bool:
    """Whether a file that the user named is worth a parser for nothing but its syntax error."""
    if path.endswith(".ipynb"):
        return not _is_json(data)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "<file>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True
    return False


def _is_json(data: bytes) -> bool:
    import json

    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _unreadable(file: SourceFile, reason: str, policies: Policies) -> FileResult:
    from optlint.linter import not_readable

    return FileResult(file.path, tuple(not_readable(file.path, reason, policies.of(file.config))), parsed=False)
