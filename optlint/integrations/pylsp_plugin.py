"""optlint in python-lsp-server: its diagnostics and quick fixes, by way of the entry point group `pylsp`."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from lsprotocol import types
from lsprotocol.converters import get_converter
from pylsp import hookimpl

from optlint.lsp.actions import Asked, Shelf
from optlint.lsp.client import Client
from optlint.lsp.drafts import Draft, Part
from optlint.lsp.looks import Eyes
from optlint.lsp.settings import Settings, read_settings
from optlint.lsp.telling import Teller
from optlint.lsp.texts import Text
from optlint.sources.stack import on_big_stack

if TYPE_CHECKING:
    from cattrs import Converter

    from optlint.lsp.looks import Look

CLIENT = Client(related=True, tags=True, links=True)


class Helper(NamedTuple):
    """What is kept for one workspace; its threads take turns."""

    eyes: Eyes
    converter: Converter
    lock: Any

    def look(self, document: Any) -> Look:
        """The look at a document of the server as it is now."""
        part = Part(document.uri, document.version, Text(document.source))
        draft = Draft(document.uri, document.path, (part,))
        with self.lock:
            return on_big_stack(lambda: self.eyes.look(draft, [draft]))

    def closer(self, look: Look) -> Look:
        """The same with fixes."""
        with self.lock:
            return on_big_stack(lambda: self.eyes.look_closer(look))


TELLER = Teller(CLIENT, lambda path: None)


@hookimpl
def pylsp_settings() -> dict[str, Any]:
    """The plug-in is on unless it is switched off."""
    return {"plugins": {"optlint": {"enabled": True}}}


@hookimpl
def pylsp_lint(config: Any, workspace: Any, document: Any) -> list[dict[str, Any]]:
    """The diagnostics of a document."""
    helper = _helper(workspace, config)
    look = helper.look(document)
    return [_plain(helper, TELLER.diagnostic(one, look.draft)) for one in look.placed]


@hookimpl
def pylsp_code_actions(
    config: Any, workspace: Any, document: Any, range: dict[str, Any], context: dict[str, Any]
) -> list[dict[str, Any]]:
    """What can be done about the diagnostics in a range."""
    helper = _helper(workspace, config)
    look = helper.look(document)
    if look.stale or not look.diagnostics:
        return []
    asked = Asked(document.uri, helper.converter.structure(range, types.Range), context.get("only"))
    shelf = Shelf(helper.closer(look), TELLER, helper.eyes.settings.unsafe_fixes)
    return [_plain(helper, action) for action in shelf.actions(asked)]


def _helper(workspace: Any, config: Any) -> Helper:
    """The helper of a workspace, which lives as long as that, with the settings of now."""
    helper: Helper | None = vars(workspace).get("optlint")
    if helper is None:
        helper = vars(workspace).setdefault("optlint", Helper(Eyes(Settings()), get_converter(), Lock()))
    settings = read_settings(config.plugin_settings("optlint"), workspace.root_path or "")
    if settings != helper.eyes.settings:
        with helper.lock:
            helper.eyes.use(settings)
    return helper


def _plain(helper: Helper, value: object) -> dict[str, Any]:
    return cast("dict[str, Any]", helper.converter.unstructure(value))
