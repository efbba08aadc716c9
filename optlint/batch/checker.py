"""One file: whether it needs a parser at all, under which policy, and what was found in it."""

from __future__ import annotations

import os

from optlint.batch.digests import digest
from optlint.batch.outcome import Change, Examined, FileResult
from optlint.settings.prefilter import imports_torch, may_be_handed, uses_torch
from optlint.sources.regular import code_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.batch.cache import Cache
    from optlint.batch.policies import Policies
    from optlint.diagnostic import Diagnostic
    from optlint.discovery.found import SourceFile
    from optlint.fixes.mending import Mending
    from optlint.flow.files.project import Project
    from optlint.settings.policy import Policy


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
        project = None if is_broken else self._project_view(file)
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

    def _project_view(self, file: SourceFile) -> Project:
        """What is known of the files of a file's project, with nothing asked yet."""
        from optlint.flow.files.project import Project

        self._project = (self._project or Project()).for_next_file(file.path)
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
    return imports_torch(code_in(path) or b"")


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
