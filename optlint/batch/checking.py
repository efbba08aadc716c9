"""Many files: which of them need a parser at all, under which policy, and what was found in each."""

from __future__ import annotations

import os

from optlint.batch.outcome import Change, FileResult
from optlint.named_tuple import NamedTuple
from optlint.settings.config import ConfigError
from optlint.settings.prefilter import imports_torch, may_be_handed, uses_torch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optlint.batch.cache import Cache
    from optlint.diagnostic import Diagnostic
    from optlint.discovery.files import SourceFile
    from optlint.fixes.mending import Mending
    from optlint.flow.files.project import Project
    from optlint.rule import Registry
    from optlint.settings.config import Config
    from optlint.settings.policy import Policy
    from optlint.settings.selection import Selection


MANY_FILES = 100  # to parse, from which on another process saves more time than it takes to start
MANY_ASKED = 500  # files asked for, from which on reading them takes longer than keeping a note of each


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
        from optlint.settings.policy import policy_of
        from optlint.settings.selection import UnknownRuleError, enabled_codes

        where: str | None = "command line"
        try:
            enabled_codes(self.registry, self.command_line)
            where = config.path
            return policy_of(self.registry, config, self.command_line)
        except UnknownRuleError as error:
            raise ConfigError(f"{where}: {error}") from None


class TorchUse:
    """Which projects use PyTorch, as far as it was asked."""

    def __init__(self) -> None:
        self._of_centre: dict[str, bool] = {}
        self._of_folder: dict[str, bool] = {}

    def is_around(self, folder: str) -> bool:
        """Whether a file of the project that this folder is in uses PyTorch."""
        if folder not in self._of_folder:
            from optlint.flow.files.around import centre_of, files_around

            centre = centre_of(folder)
            if centre not in self._of_centre:
                self._of_centre[centre] = any(map(_imports_torch, files_around(centre)))
            self._of_folder[folder] = self._of_centre[centre]
        return self._of_folder[folder]


class Examined(NamedTuple):
    """What came of a file that had to be parsed, the digest of its bytes, and the paths that this depends on."""

    result: FileResult
    content: str
    others: frozenset[str] = frozenset()


class Checker:
    """Checks one file after the other, and mends it if that is wanted; a run in the folder `cache_in` has a cache."""

    def __init__(self, policies: Policies, mending: Mending | None = None, cache_in: str = "") -> None:
        self.policies = policies
        self.mending = mending
        self._cache_in = cache_in
        self._cache: Cache | None = None
        self.many = False  # whether so many files are asked for that all of them are noted in the cache
        self._project: Project | None = None
        self._torch = TorchUse()

    def check(self, file: SourceFile) -> FileResult:
        """Read the file, and lint it if its bytes let it seem worth while."""
        return self.look(file) or self.keep(file, self.examine(file))

    def look(self, file: SourceFile) -> FileResult | None:
        """The result, if it can be told without parsing: most files have nothing to do with us, or are known."""
        known = self._unread(file)
        if known is not None and not (self.mending and known):
            return FileResult(file.path, known, parsed=False)
        try:
            data = _read(file)
        except _UnreadableError as error:
            return self._unreadable(file, str(error))
        if (
            not _is_suspicious(data)
            and not self._may_be_handed(file, data)
            and not (file.named and _is_broken(file.path, data))
        ):
            result = FileResult(file.path, parsed=False)
            return self.keep(file, Examined(result, digest(data))) if self.many else result
        known = self._known(file, data)
        if known is None or (self.mending and known):
            return None
        return FileResult(file.path, known, parsed=False)

    def examine(self, file: SourceFile) -> Examined:
        """Lint the file, whatever it costs."""
        try:
            data = _read(file)
        except _UnreadableError as error:
            return Examined(self._unreadable(file, str(error)), "")
        content = digest(data)
        policy = self.policies.of(file.config)
        is_worth_it = _is_worth_parsing(policy, data)
        is_broken = not is_worth_it and file.named and _is_broken(file.path, data)
        if not is_worth_it and not is_broken and not self._may_be_handed(file, data):
            return Examined(FileResult(file.path, parsed=False), content)
        source = data if file.data is None else file.data
        project = None if is_broken else self._project_view()
        if self.mending:
            return Examined(_mended(file, source, policy, self.mending, project), "")
        result = _linted(file, source, policy, project)
        return Examined(result, content, frozenset(project.asked if project else ()))

    def _may_be_handed(self, file: SourceFile, data: bytes) -> bool:
        """Whether a file may be wrong for what others of its project give it: one of those must use PyTorch."""
        return may_be_handed(data) and self._torch.is_around(os.path.dirname(os.path.abspath(file.path)))

    def keep(self, file: SourceFile, examined: Examined) -> FileResult:
        """Keep the result for the next run, if it will hold then."""
        cache = self._open_cache(file)
        result = examined.result
        if cache and examined.content and result.crash is None:
            cache.put(file.path, examined.content, file.config, file.named, result.diagnostics, examined.others)
        return result

    def finish(self) -> None:
        """Write what was kept."""
        if self._cache:
            self._cache.save()

    def _project_view(self) -> Project:
        """What is known of the project's files, with nothing asked yet."""
        from optlint.flow.files.project import Project

        self._project = Project() if self._project is None else self._project.for_next_file()
        return self._project

    def _unread(self, file: SourceFile) -> tuple[Diagnostic, ...] | None:
        cache = self._open_cache(file) if self.many and not file.trouble else None
        return cache.unread(file.path, file.config, file.named) if cache else None

    def _known(self, file: SourceFile, data: bytes) -> tuple[Diagnostic, ...] | None:
        cache = self._open_cache(file)
        return cache.get(file.path, digest(data), file.config, file.named) if cache else None

    def _open_cache(self, file: SourceFile) -> Cache | None:
        if not self._cache_in or file.data is not None:
            return None
        if self._cache is None:
            from optlint.batch.cache import Cache, cache_folder

            self._cache = Cache(cache_folder(self._cache_in), self.policies.command_line)
        return self._cache

    def _unreadable(self, file: SourceFile, reason: str) -> FileResult:
        from optlint.linting.linter import not_readable

        found = tuple(not_readable(file.path, reason, self.policies.of(file.config)))
        return FileResult(file.path, found, parsed=False)


class _UnreadableError(Exception):
    """A file whose bytes cannot be had; its text says why."""


def _read(file: SourceFile) -> bytes:
    if file.trouble:
        raise _UnreadableError(file.trouble)
    if file.data is not None:
        return file.data if isinstance(file.data, bytes) else file.data.encode("utf-8", "surrogatepass")
    try:
        with open(file.path, "rb") as opened:
            return opened.read()
    except OSError as error:
        raise _UnreadableError(error.strerror or str(error)) from None
    except MemoryError:
        raise _UnreadableError("it is too large") from None


def _imports_torch(path: str) -> bool:
    try:
        with open(path, "rb") as opened:
            return imports_torch(opened.read())
    except OSError:
        return False


def digest(data: bytes) -> str:
    """A short name for these bytes that no others have."""
    try:
        from _blake2 import blake2b  # `hashlib` loads all of OpenSSL too
    except ImportError:
        from hashlib import blake2b
    return blake2b(data, digest_size=16).hexdigest()


def check_all(files: Sequence[SourceFile], checker: Checker, jobs: int) -> Iterator[FileResult]:
    """The results in the order of the files; several processes share the work if there is enough of it."""
    checker.many = len(files) >= MANY_ASKED
    known = list(map(checker.look, files))
    unknown = [file for file, result in zip(files, known, strict=True) if result is None]
    if jobs > 1 and len(unknown) >= MANY_FILES:
        from optlint.batch.pool import examined

        found: Iterator[Examined] = examined(unknown, checker, jobs)
    else:
        found = _examined(unknown, checker)
    for file, result in zip(files, known, strict=True):
        yield result or checker.keep(file, next(found))


def _examined(files: Sequence[SourceFile], checker: Checker) -> Iterator[Examined]:
    from optlint.batch import garbage

    garbage.put_off()
    try:
        for file in files:
            yield checker.examine(file)
            garbage.collect()
    finally:
        garbage.resume()


def check_file(file: SourceFile, policies: Policies, mending: Mending | None = None) -> FileResult:
    """Check a single file, without a cache."""
    return Checker(policies, mending).check(file)


def _linted(file: SourceFile, source: bytes | str, policy: Policy, project: Project | None) -> FileResult:
    from optlint.linting.judging import AnalysisError
    from optlint.linting.linter import lint

    try:
        return FileResult(file.path, tuple(lint(source, file.path, policy, project)))
    except AnalysisError as error:
        return FileResult(file.path, crash=str(error))


def _mended(
    file: SourceFile, source: bytes | str, policy: Policy, mending: Mending, project: Project | None
) -> FileResult:
    from optlint.fixes.mending import mend
    from optlint.linting.judging import AnalysisError

    try:
        mended = mend(source, file, policy, mending, project)
    except AnalysisError as error:
        return FileResult(file.path, crash=str(error))
    change = Change(source, mended.data) if mended.data is not None else None
    return FileResult(
        file.path, mended.remaining, fixes=mended.fixes, ignored=mended.ignored, change=change, refusal=mended.refusal
    )


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
        return not _is_notebook(data)
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(data, "<file>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return True
    return False


def _is_notebook(data: bytes) -> bool:
    import json

    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and isinstance(document.get("cells"), list)
