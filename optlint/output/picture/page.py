"""The whole page: one HTML file that fetches nothing and in which no script but its own may run."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from optlint.output.picture import sections
from optlint.output.picture.data import data_of
from optlint.output.picture.frames import short
from optlint.output.picture.sentence import headline, shortfalls
from optlint.output.picture.tiles import picture_of
from optlint.output.picture.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from optlint.output.picture.frames import Lines
    from optlint.output.picture.tiles import Picture

SCRIPTS = ("model.js", "treemap.js", "timeline.js", "table.js", "main.js")
HEIGHT = 760  # of the frame in a notebook, in pixels


def page(report: Mapping[str, Any], lines: Lines, rule_page: Callable[[str], str | None]) -> str:
    """The picture of a JSON report; `lines` gives those of a file, none if it cannot be read."""
    picture = picture_of(report)
    library, own = _asset("vendor", "plot.min.js"), _own_script()
    return Template(_asset("page.html")).substitute(
        title=escape(headline(picture)),
        policy=" ".join(f"'sha256-{_digest(script)}'" for script in (library, own)),
        style=_asset("style.css"),
        headline=escape(headline(picture)),
        shortfalls=_shortfalls(picture),
        about=_about(picture, report),
        legend=sections.legend(picture),
        not_trained=sections.not_trained(picture, report, lines),
        diagnostics=sections.diagnostics(report, lines),
        rules=sections.rule_pages(report, rule_page),
        data=data_of(picture, report),
        library=library,
        script=own,
    )


def framed(html: str) -> str:
    """The page inside a notebook: a frame of its own, which reaches nothing outside."""
    return (
        f'<iframe title="optlint audit" sandbox="allow-scripts" srcdoc="{escape(html)}" '
        f'style="width: 100%; height: {HEIGHT}px; border: 0"></iframe>'
    )


def _asset(*path: str) -> str:
    return files(__package__).joinpath(*path).read_text(encoding="utf-8")


def _own_script() -> str:
    return f'(() => {{\n"use strict";\n{"".join(_asset("scripts", name) for name in SCRIPTS)}}})();\n'


def _digest(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()


def _shortfalls(picture: Picture) -> str:
    told = []
    for state, phrase, names in shortfalls(picture):
        named = ", ".join(f"<code>{escape(name)}</code>" if " " not in name else escape(name) for name in names)
        told.append(f'<span data-state="{state}">{escape(phrase)}{f": {named}" if named else ""}.</span>')
    return " ".join(told)


def _about(picture: Picture, report: Mapping[str, Any]) -> str:
    """Which optimizers, after how many steps, how many diagnostics, which torch."""
    pairs = zip(picture.optimizers, picture.alike, strict=True)
    told = [_optimizer(one, alike, picture.ran) for one, alike in pairs]
    for severity in sections.SEVERITIES:
        number = sum(one["severity"] == severity for one in report["diagnostics"])
        if number or severity != "info":
            told.append(f'<span class="{severity if number else "none"}">{count(number, severity)}</span>')
    return " · ".join([*told, f"torch {escape(report['torch'])}"] if report["torch"] else told)


def _optimizer(one: Mapping[str, Any], alike: int, ran: bool) -> str:
    times = f"{alike} × " if alike > 1 else ""
    where = f" of {short(one)}" if one["filename"] else ""
    steps = f", {count(one['steps'], 'step')}" if ran else ""
    return f"{times}{escape(one['class'])}{where}{steps}"
