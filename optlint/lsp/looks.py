"""One look at a draft: what the linter says of it now, under the configuration of its folder."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from optlint.batch.policies import Policies
from optlint.discovery.files import given_file
from optlint.discovery.found import Excluding
from optlint.discovery.stamps import stamp
from optlint.linting.judging import AnalysisError
from optlint.linting.linter import Task, diagnose, placed, wanted_codes
from optlint.linting.runs import told_by_callers
from optlint.lsp.neighbours import Neighbours
from optlint.lsp.shifting import shifted
from optlint.own_rules import FILE_NOT_ANALYSED
from optlint.settings.config import FILE_NAMES, ConfigError, Configs, read_file
from optlint.settings.prefilter import may_be_handed, uses_torch
from optlint.settings.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.lsp.drafts import Draft
    from optlint.lsp.insight import Insight
    from optlint.lsp.settings import Settings
    from optlint.settings.config import Config
    from optlint.settings.policy import Policy


@dataclass(frozen=True, slots=True)
class Look:
    """What the linter said of a draft, with the rows of its code; `others` are the paths that this depends on.

    `stale` tells that the draft cannot be parsed as it is now, and that this is what was said before.
    """

    draft: Draft
    diagnostics: tuple[Diagnostic, ...]
    task: Task | None = None
    others: frozenset[str] = frozenset()
    stale: bool = False
    trouble: str = ""
    told: tuple[Diagnostic, ...] = ()  # by files that call functions of this one

    @property
    def placed(self) -> tuple[Diagnostic, ...]:
        """The diagnostics with rows of the cells that they stand in."""
        return tuple(placed(one, self.draft.document, self.draft.path) for one in self.diagnostics)


@dataclass(slots=True)
class Eyes:
    """Looks at drafts, one at a time; keeps what it learned of configurations and of other files."""

    settings: Settings
    neighbours: Neighbours = field(default_factory=Neighbours)
    _configs: Configs = field(default_factory=Configs)
    _policies: Policies = field(init=False)
    _stamps: dict[str, object] = field(default_factory=dict)
    _good: dict[str, Look] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.use(self.settings)

    def use(self, settings: Settings) -> None:
        """Use these settings from now on, and read configurations anew."""
        self.settings = settings
        self._configs = Configs(read_file(settings.configuration) if settings.configuration else None)
        self._policies = Policies(Selection(settings.select, settings.extend_select, settings.ignore))
        self._stamps = {}

    def close(self, uri: str) -> None:
        """A draft is open no more."""
        self._good.pop(uri, None)

    def look(self, draft: Draft, drafts: Iterable[Draft]) -> Look:
        """What is to be said of a draft among those that are open; what was said before, while it cannot be parsed."""
        before = self._good.get(draft.uri)
        try:
            look = self._fresh(draft, drafts)
        except Exception as error:  # one file never takes the server down
            look = Look(draft, (), trouble=_told(error))
            return look if before is None else _moved(before, look)
        if before is not None and not draft.notebook and _is_broken(look):
            return _moved(before, look)
        self._good[draft.uri] = look
        return look

    def glance(self, draft: Draft, drafts: Iterable[Draft]) -> Look:
        """What is to be said of a draft that is not open, and that nothing is kept of."""
        try:
            return self._fresh(draft, drafts)
        except Exception as error:
            return Look(draft, (), trouble=_told(error))

    def look_closer(self, look: Look) -> Look:
        """The same with fixes, for which the code must be parsed in full."""
        if look.task is None or look.stale:
            return look
        task = look.task._replace(brief=False)
        return replace(look, diagnostics=tuple(diagnose(look.draft.document, task)), task=task)

    def insight(self, look: Look) -> Insight:
        """What the engine knows of the draft beyond that."""
        from optlint.lsp.insight import Insight, insight_of

        if look.task is None or look.stale or not uses_torch(look.draft.document.code.encode("utf-8", "replace")):
            return Insight()
        return insight_of(look.draft.document.code, look.task)

    def _fresh(self, draft: Draft, drafts: Iterable[Draft]) -> Look:
        self._notice_configuration(os.path.dirname(draft.path))
        task = self._task(draft)
        if task is None or not (task.codes or may_be_handed(draft.document.code.encode("utf-8", "replace"))):
            return Look(draft, (), task)
        project = self.neighbours.project_for(draft, drafts)
        told, others = self._told(draft, task)
        codes = wanted_codes(draft.document.code, draft.path, task.policy, project)
        task = task._replace(project=project, codes=codes, brief=True, told=told)
        found = diagnose(draft.document, task)
        self.neighbours.note(project)
        return Look(draft, tuple(found), task, others | project.paths_asked, told=told)

    def _told(self, draft: Draft, task: Task) -> tuple[tuple[Diagnostic, ...], frozenset[str]]:
        """What the callers of a draft's functions show, and on which paths that depends.

        They are asked while the draft is as it was saved; after that it is where its lines are now.
        """
        if draft.notebook:
            return (), frozenset()
        code, before = draft.document.code, self._good.get(draft.uri)
        if _is_saved(draft.path, code):
            project = self.neighbours.project_of_callers(draft)
            found = tuple(told_by_callers(draft.path, task.policy.registry, task.policy.settings, project))
            self.neighbours.note(project)
            return found, project.paths_asked
        if before is None:
            return (), frozenset()
        return tuple(shifted(before.told, before.draft.document.code, code, draft.path)), before.others

    def _task(self, draft: Draft) -> Task | None:
        """By what the draft is judged; None where it is excluded."""
        code = draft.document.code
        for file in given_file(draft.path, code, self._configs, Excluding(force=True)):
            policy = self._policy(file.config)
            return Task(draft.path, policy, wanted_codes(code, draft.path, policy))
        return None

    def _policy(self, config: Config) -> Policy:
        self._policies.validate(config)
        return self._policies.of(config)

    def _notice_configuration(self, folder: str) -> None:
        """Read configurations anew if one that may hold in this folder was written, made or removed."""
        paths = (self.settings.configuration,) if self.settings.configuration else _candidates(folder)
        stamps = {path: stamp(path) for path in paths}
        if any(self._stamps.setdefault(path, now) != now for path, now in stamps.items()):
            self.use(self.settings)
            self._stamps.update(stamps)


def _is_saved(path: str, code: str) -> bool:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read() == code
    except (OSError, ValueError):
        return False


def _candidates(folder: str) -> Iterator[str]:
    """Where the configuration of a folder may lie."""
    while True:
        yield from (os.path.join(folder, name) for name in FILE_NAMES)
        parent = os.path.dirname(folder)
        if parent == folder:
            return
        folder = parent


def _told(error: Exception) -> str:
    """What went wrong, in words for the user."""
    return str(error) if isinstance(error, ConfigError | AnalysisError) else f"{type(error).__name__}: {error}"


def _is_broken(look: Look) -> bool:
    return any(one.code == FILE_NOT_ANALYSED.code for one in look.diagnostics)


def _moved(before: Look, now: Look) -> Look:
    """What was said before, where it stands now."""
    code, path = now.draft.document.code, now.draft.path
    found = shifted(before.diagnostics, before.draft.document.code, code, path)
    return replace(before, draft=now.draft, diagnostics=tuple(found), stale=True, trouble=now.trouble)
