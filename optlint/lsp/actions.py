"""What an editor offers at a diagnostic: its fix first, to ignore it last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lsprotocol import types

from optlint.diagnostic import Applicability
from optlint.fixes.fix import SAFE, fix
from optlint.fixes.ignoring import UNSUPPRESSED, ignoring
from optlint.linting.linter import diagnose
from optlint.lsp.editing import workspace_edit
from optlint.own_rules import FILE_NOT_ANALYSED
from optlint.sources.edits import CannotEditError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from optlint.diagnostic import Diagnostic
    from optlint.lsp.looks import Look
    from optlint.lsp.telling import Teller
    from optlint.sources.document import Document

    Change = Callable[[], Document]

QUICK_FIX = types.CodeActionKind.QuickFix.value
FIX_ALL = "source.fixAll.optlint"
FIX_ALL_CELLS = "notebook.source.fixAll.optlint"


class Asked(NamedTuple):
    """Where actions are asked for, and of which kinds, if not of all."""

    uri: str
    range: types.Range
    only: Sequence[types.CodeActionKind | str] | None = None

    def wants(self, kind: str) -> bool:
        """Whether actions of a kind are asked for; `a` means `a.b` too."""
        words = [str(getattr(word, "value", word)) for word in self.only or ("",)]
        return any(not word or kind == word or kind.startswith(f"{word}.") for word in words)


class Shelf(NamedTuple):
    """A look at a draft, and to whom actions upon it are told."""

    look: Look
    teller: Teller
    unsafe: bool = True

    def actions(self, asked: Asked) -> list[types.CodeAction]:
        """All that can be done here, in the order in which it is shown."""
        found: list[types.CodeAction | None] = []
        if asked.wants(QUICK_FIX):
            here = list(self._at(asked))
            codes = dict.fromkeys(one.code for one, _ in here)
            found += [self._mend(one, told) for one, told in here]
            found += [self._mend_rule(code, here) for code in codes]
            found += [self._ignore(one, told) for one, told in here]
        found += [self._mend_all(kind) for kind in self._kinds() if asked.wants(kind)]
        return [action for action in found if action is not None]

    def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """The action with the edit that was left out before."""
        code = action.data.get("code") if isinstance(action.data, dict) else None
        action.edit = self._edit(lambda: self._fixed(code))
        return action

    def _kinds(self) -> Sequence[str]:
        return (FIX_ALL_CELLS, FIX_ALL) if self.look.draft.notebook else (FIX_ALL,)

    def _at(self, asked: Asked) -> Iterator[tuple[Diagnostic, types.Diagnostic]]:
        """The diagnostics that a range touches, with rows of the draft's code, and as they are told."""
        draft = self.look.draft
        for one, shown in zip(self.look.diagnostics, self.look.placed, strict=True):
            part = draft.part_of(shown.span)
            if part and part.uri == asked.uri:
                told = self.teller.diagnostic(shown, draft)
                if _touch(told.range, asked.range):
                    yield one, told

    def _mend(self, one: Diagnostic, told: types.Diagnostic) -> types.CodeAction | None:
        fix = one.fix
        wanted = SAFE | {Applicability.UNSAFE} if self.unsafe else SAFE
        if fix is None or fix.applicability not in wanted:
            return None
        safe = fix.applicability in SAFE
        title = fix.message if safe else f"{fix.message} (may change what the program does)"
        edit = self._edit(lambda: self.look.draft.document.edited(fix.edits))
        return types.CodeAction(title, QUICK_FIX, [told], is_preferred=safe or None, edit=edit) if edit else None

    def _mend_rule(self, code: str, here: list[tuple[Diagnostic, types.Diagnostic]]) -> types.CodeAction | None:
        if sum(one.code == code and _is_safe(one) for one in self.look.diagnostics) < 2:
            return None
        told = [shown for one, shown in here if one.code == code]
        name = next(one.name for one, _ in here if one.code == code)
        return self._later(types.CodeAction(f"fix all {code} {name} in this file", QUICK_FIX, told), code)

    def _mend_all(self, kind: str) -> types.CodeAction | None:
        if not any(map(_is_safe, self.look.diagnostics)):
            return None
        return self._later(types.CodeAction("fix all that optlint can safely fix", kind), None)

    def _ignore(self, one: Diagnostic, told: types.Diagnostic) -> types.CodeAction | None:
        if one.code in UNSUPPRESSED:
            return None
        draft = self.look.draft
        edit = self._edit(lambda: ignoring(draft.document, [one], draft.path, "")[0])
        title = f"ignore {one.code} {one.name} for this line"
        return types.CodeAction(title, QUICK_FIX, [told], edit=edit) if edit else None

    def _later(self, action: types.CodeAction, code: str | None) -> types.CodeAction | None:
        """The action without its edit, if the client asks for that when it is needed."""
        action.data = {"uri": self.look.draft.uri, "code": code}
        if self.teller.client.resolves:
            return action
        return action if self.resolve(action).edit else None

    def _fixed(self, code: str | None) -> Document:
        """The document after all safe fixes, or those of one rule."""
        look = self.look
        task = look.task
        assert task is not None  # there are diagnostics

        def diagnosed(document: Document) -> list[Diagnostic]:
            found = diagnose(document, task)
            return [one for one in found if code in (None, one.code) or one.code == FILE_NOT_ANALYSED.code]

        return fix(look.draft.document, look.draft.path, diagnosed, SAFE).document

    def _edit(self, change: Change) -> types.WorkspaceEdit | None:
        try:
            return workspace_edit(self.look.draft, change(), self.teller.client)
        except CannotEditError:
            return None


def _is_safe(one: Diagnostic) -> bool:
    return one.fix is not None and one.fix.applicability in SAFE


def _touch(one: types.Range, other: types.Range) -> bool:
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character
