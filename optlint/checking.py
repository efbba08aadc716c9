"""Many files: which of them need a parser at all, under which policy, and what was found in each."""

from __future__ import annotations

from optlint.config import ConfigError
from optlint.outcome import Change, FileResult
from optlint.prefilter import uses_torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.cache import Cache
    from optlint.config import Config
    from optlint.diagnostic import Diagnostic
    from optlint.files import SourceFile
    from optlint.flow.project import Project
    from optlint.mending import Mending
    from optlint.policy import Policy
    from optlint.rule import Registry
    from optlint.selection import Selection


MOST_SOURCES = 64  # files of a project that are kept in memory for the files that import them


class Policies:
    """The policy of each configuration; rules are loaded when the first is asked for."""

    def __init__(self, command_line: Selection, registry: Registry | None = None) -> None:
        self.command_line = command_line
        self._registry = registry
        self._of_config: dict[Config, Policy] = {}

    def of(self, config: Config) -> Policy:
        """The policy of this configuration; `ConfigError` if it names a rule that does not exist."""
        if config not in self._of_config:
            self._of_config[config] = self._built(config)
        return self._of_config[config]

    def validate(self, config: Config) -> None:
        """Raise `ConfigError` now if the configuration or the command line names a rule that does not exist."""
        if config.rule_words or any(self.command_line):
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
            return policy_of(self.registry, config, self.command_line)
        except UnknownRuleError as error:
            raise ConfigError(f"{config.path or 'command line'}: {error}") from None


class Checker:
    """Checks one file after the other, and mends it if that is wanted; a run in the folder `cache_in` has a cache."""

    def __init__(self, policies: Policies, mending: Mending | None = None, cache_in: str = "") -> None:
        self.policies = policies
        self._mending = mending
        self._cache_in = cache_in
        self._cache: Cache | None = None
        self._project: Project | None = None

    def check(self, file: SourceFile) -> FileResult:
        """Read the file, and lint it if its bytes let it seem worth while."""
        if file.trouble:
            return self._unreadable(file, file.trouble)
        if file.data is not None:
            return self._check_source(file, file.data)
        try:
            with open(file.path, "rb") as opened:
                data = opened.read()
        except OSError as error:
            return self._unreadable(file, error.strerror or str(error))
        except MemoryError:
            return self._unreadable(file, "it is too large")
        return self._check_source(file, data)

    def finish(self) -> None:
        """Keep what was found for the next run."""
        if self._cache:
            self._cache.save()

    def _check_source(self, file: SourceFile, source: bytes | str) -> FileResult:
        data = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
        if not _is_suspicious(data) and not (file.named and _is_broken(file.path, data)):
            return FileResult(file.path, parsed=False)
        known = self._known(file, data)
        if known is not None and not (self._mending and any(one.fix for one in known)):
            return FileResult(file.path, known, parsed=False)
        result, others = self._linted(file, source, data)
        cache = self._open_cache(file)
        if cache and result.crash is None and not self._mending:
            cache.put(file.path, data, file.config, file.named, result.diagnostics, others)
        return result

    def _linted(self, file: SourceFile, source: bytes | str, data: bytes) -> tuple[FileResult, frozenset[str]]:
        """What is found, and the paths of other files that this depends on."""
        policy = self.policies.of(file.config)
        if not _is_worth_parsing(policy, data) and not (file.named and _is_broken(file.path, data)):
            return FileResult(file.path, parsed=False), frozenset()
        from optlint.judging import AnalysisError
        from optlint.linter import lint

        if self._mending:
            return _mended(file, source, policy, self._mending), frozenset()
        project = self._project_view()
        try:
            found = tuple(lint(source, file.path, policy, project))
        except AnalysisError as error:
            return FileResult(file.path, crash=str(error)), frozenset()
        return FileResult(file.path, found), frozenset(project.asked)

    def _project_view(self) -> Project:
        """What is known of the project's files, with nothing asked yet; now and then it starts anew, to save memory."""
        from optlint.flow.project import Project

        if self._project is None or len(self._project.sources) > MOST_SOURCES:
            self._project = Project()
        return Project(sources=self._project.sources, files=self._project.files)

    def _known(self, file: SourceFile, data: bytes) -> tuple[Diagnostic, ...] | None:
        cache = self._open_cache(file)
        return cache.get(file.path, data, file.config, file.named) if cache else None

    def _open_cache(self, file: SourceFile) -> Cache | None:
        if not self._cache_in or file.data is not None:
            return None
        if self._cache is None:
            from optlint.cache import Cache, cache_folder

            self._cache = Cache(cache_folder(self._cache_in), self.policies.command_line)
        return self._cache

    def _unreadable(self, file: SourceFile, reason: str) -> FileResult:
        from optlint.linter import not_readable

        found = tuple(not_readable(file.path, reason, self.policies.of(file.config)))
        return FileResult(file.path, found, parsed=False)


def check_file(file: SourceFile, policies: Policies, mending: Mending | None = None) -> FileResult:
    """Check a single file, without a cache."""
    return Checker(policies, mending).check(file)


def _mended(file: SourceFile, source: bytes | str, policy: Policy, mending: Mending) -> FileResult:
    from optlint.judging import AnalysisError
    from optlint.mending import mend

    try:
        mended = mend(source, file, policy, mending)
    except AnalysisError as error:
        return FileResult(file.path, crash=str(error))
    change = Change(source, mended.data) if mended.data is not None else None
    return FileResult(file.path, mended.remaining, fixes=mended.fixes, change=change, refusal=mended.refusal)


def _is_suspicious(data: bytes) -> bool:
    """Whether a file may use PyTorch or suppress something: most do neither, and then no rule needs to be loaded."""
    return uses_torch(data) or b"optlint:" in data or b"noqa" in data


def _is_worth_parsing(policy: Policy, data: bytes) -> bool:
    return policy.prefilter.lets_through(data) or (uses_torch(data) and not _is_text(data))


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
