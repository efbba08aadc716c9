"""The parts of the page that need no script: legend, what is not trained and why, diagnostics, rule pages."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from optlint.output.picture.causes import causes
from optlint.output.picture.frames import frame, line_of, short
from optlint.output.picture.tiles import FROZEN, NEVER, TRAINING, UNKNOWN, elements
from optlint.output.picture.words import count, listed, rate, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from optlint.output.picture.causes import Cause
    from optlint.output.picture.frames import Lines
    from optlint.output.picture.tiles import Picture, Swatch, Tile

COLOURED = (*TRAINING, UNKNOWN)
SEVERITIES = ("error", "warning", "info")
SHOWN = 8  # causes, before the rest is folded away
NAMED = 6  # parameters of a diagnostic


def legend(picture: Picture) -> str:
    """One row a colour: the param groups with what they train, then all other states."""
    drawn: dict[int, list[Tile]] = {}
    for tile in picture.of(*COLOURED):
        drawn.setdefault(tile.swatch, []).append(tile)
    rows = [_swatch_row(at, swatch, drawn.get(at, []), picture) for at, swatch in enumerate(picture.swatches)]
    rows += [_state_row(state, tiles) for state in (NEVER, UNKNOWN, FROZEN) if (tiles := picture.of(state))]
    heads = ("param group", "learning rate", "decay", "tensors", "elements")
    head = "".join(f'<th scope="col">{word}</th>' for word in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _swatch_row(at: int, swatch: Swatch, tiles: Sequence[Tile], picture: Picture) -> str:
    kind = f"{picture.optimizers[picture.numbers.index(swatch.optimizer)]['class']} " if picture.numbers[1:] else ""
    label = _choice("swatch", str(at), f"{kind}group {swatch.group}{f' {swatch.name}' if swatch.name else ''}")
    cells = (rates(swatch), escape(rate(swatch.decay)), f"{len(tiles):,}" if tiles else "none", size(elements(tiles)))
    return _legend_row(label, cells, "" if tiles else ' class="idle"')


def _state_row(state: str, tiles: Sequence[Tile]) -> str:
    return _legend_row(_choice("state", state, state), ("", "", f"{len(tiles):,}", size(elements(tiles))))


def _choice(kind: str, value: str, label: str) -> str:
    """A button that shows only these."""
    chip = f'<i class="chip" data-{kind}="{escape(value)}"></i>'
    return f'<button type="button" aria-pressed="false" data-{kind}="{escape(value)}">{chip}{escape(label)}</button>'


def _legend_row(label: str, cells: Sequence[str], attributes: str = "") -> str:
    return f'<tr{attributes}><th scope="row">{label}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def rates(swatch: Swatch) -> str:
    """`0.001`, or the highest and the last where a schedule has changed it."""
    if swatch.highest == swatch.lowest:
        return escape(rate(swatch.lr))
    return f"up to {escape(rate(swatch.highest))}<small>now {escape(rate(swatch.lr))}</small>"


def not_trained(picture: Picture, report: Mapping[str, Any], lines: Lines) -> str:
    """Names, reasons and lines of all that is not trained."""
    found = causes(picture)
    if not found:
        return '<p class="good">Every parameter is trained.</p>' if picture.ran and picture.tiles else ""
    rows = [_cause_row(cause, report, lines) for cause in found]
    shown, rest = rows[:SHOWN], rows[SHOWN:]
    more = f"<details><summary>{count(len(rest), 'more reason')}</summary>{_listed(rest)}</details>" if rest else ""
    return f"{_listed(shown)}{more}"


def _listed(rows: Sequence[str]) -> str:
    return f'<ul class="causes">{"".join(rows)}</ul>'


def _cause_row(cause: Cause, report: Mapping[str, Any], lines: Lines) -> str:
    amount = size(cause.elements) + (f" in {cause.tensors:,} tensors" if cause.tensors > 1 else "")
    names = [_name(one) for one in cause.names[:NAMED]]
    more = f" and {len(cause.names) - NAMED:,} more" if len(cause.names) > NAMED else ""
    return (
        f'<li><i class="chip" data-state="{cause.state}"></i><div><span class="unseen">{cause.state}: </span>'
        f'{", ".join(names)}{more} <span class="amount">{amount}</span>'
        f"<p>{_reason(cause, report)}{_where(cause, lines)}</p></div></li>"
    )


def _name(name: str) -> str:
    return f'<button type="button" class="name" data-find="{escape(name)}">{escape(name)}</button>'


def _reason(cause: Cause, report: Mapping[str, Any]) -> str:
    if cause.told is None:
        return escape(cause.reason)
    one = report["diagnostics"][cause.told]
    return f'<a href="#diagnostic-{cause.told}">{escape(one["code"])}</a> {_coded(one["message"])}'


def _where(cause: Cause, lines: Lines) -> str:
    if not cause.place:
        return ""
    text = line_of(cause.place, lines)
    return f'<span class="line">{short(cause.place)}{f" <code>{escape(text)}</code>" if text else ""}</span>'


def diagnostics(report: Mapping[str, Any], lines: Lines) -> str:
    """All diagnostics, errors first."""
    found = sorted(enumerate(report["diagnostics"]), key=lambda pair: SEVERITIES.index(pair[1]["severity"]))
    return "".join(_diagnostic(at, one, lines) for at, one in found) or '<p class="good">No diagnostics.</p>'


def _diagnostic(at: int, one: Mapping[str, Any], lines: Lines) -> str:
    target = one["url"] or f"#rule-{one['code']}"
    title = f'<a href="{escape(target)}">{escape(one["code"])} {escape(one["name"])}</a>'
    badge = f'<span class="badge {escape(one["severity"])}">{escape(one["severity"])}</span>'
    notes = "".join(f"<p>{escape(note['message'])}: {short(note)}</p>{frame(note, lines)}" for note in one["notes"])
    return (
        f'<article id="diagnostic-{at}" tabindex="-1"><h3>{badge} {title}</h3>'
        f'<p class="message">{_coded(one["message"])}</p>'
        f'<p class="where">{short(one)}{_details(one)}</p>{frame(one, lines)}{notes}</article>'
    )


def _coded(message: str) -> str:
    """What stands in backticks is code."""
    parts = escape(message).split("`")
    if len(parts) % 2 == 0:
        return escape(message)
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _details(one: Mapping[str, Any]) -> str:
    told = [f" · step {one['step']:,}"] if one["step"] is not None else []
    ranks = one.get("ranks") or [rank for rank in (one["rank"],) if rank is not None]
    if ranks:
        shown = [str(rank) for rank in ranks[:NAMED]] + ([f"{len(ranks) - NAMED} more"] if len(ranks) > NAMED else [])
        told.append(f" · {'ranks' if ranks[1:] else 'rank'} {listed(shown)}")
    names = [f"<code>{escape(name)}</code>" for name in one["parameters"][:NAMED]]
    if names:
        more = len(one["parameters"]) - NAMED
        told.append(f" · {listed([*names, f'{more:,} more'] if more > 0 else names)}")
    return "".join(told)


def rule_pages(report: Mapping[str, Any], page: Callable[[str], str | None]) -> str:
    """The page of each rule that spoke, folded."""
    codes = sorted({(one["code"], one["name"]) for one in report["diagnostics"] if not one["url"]})
    return "".join(_rule_pages(codes, page))


def _rule_pages(codes: Sequence[tuple[str, str]], page: Callable[[str], str | None]) -> Iterator[str]:
    for code, name in codes:
        text = page(code) or "This rule has no page."
        yield (
            f'<details class="rule" id="rule-{escape(code)}"><summary>{escape(code)} {escape(name)}</summary>'
            f"<pre>{escape(text)}</pre></details>"
        )
