"""Building fixes: from how expressions are written to the edits that mend them.

Each function gives edits, or None where it can't be sure to write what it means; `fix` makes a `Fix` of them.
"""

from __future__ import annotations

from optlint.diagnostic import Applicability, Edit, Fix, Span
from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    Edits: TypeAlias = tuple[Edit, ...] | None

DISPLAYS = {"list": ("[", "]"), "set": ("{", "}")}


class Argument(NamedTuple):
    """An argument of a call as it is written: all of it without the comma, and its value."""

    keyword: str | None
    star: str
    span: Span
    value: Written


class Written(NamedTuple):
    """How an expression is written: where it stands without and with its own parentheses, and its text with them.

    `form` is `primary` for what a dot or a call can follow, `bare` for what stands without the parentheses that it
    needs anywhere else (`a, b`), `generator` for a generator expression, or `other`; `glued` tells whether a word
    stands right before it.
    """

    span: Span
    whole: Span
    text: str
    form: str
    glued: bool = False
    arguments: tuple[Argument, ...] | None = None  # of a call

    @property
    def parenthesised(self) -> bool:
        """Whether it has parentheses of its own."""
        return self.span != self.whole

    @property
    def closed(self) -> bool:
        """Whether a dot or a call can follow."""
        return self.parenthesised or self.form == "primary"

    @property
    def bare(self) -> bool:
        """Whether it lacks the parentheses that it needs in most places."""
        return self.form == "bare" or (self.form == "generator" and not self.parenthesised)


def fix(message: str, edits: Edits, *, safe: bool = True) -> Fix | None:
    """A fix of these edits, if there are any."""
    return Fix(message, edits, Applicability.SAFE if safe else Applicability.UNSAFE) if edits else None


def together(parts: Iterable[Edits]) -> Edits:
    """The edits of several parts, each once, if all of them could be made."""
    known = list(parts)
    if None in known:
        return None
    return tuple(dict.fromkeys(edit for part in known for edit in part or ()))


def called_with(written: Written | None, function: str) -> Edits:
    """`function(expression)`, in the expression's own parentheses if it has some; `[x for x in y]` for `list`."""
    if written is None:
        return None
    if written.form == "generator" and function in DISPLAYS:
        if written.bare:
            return _around(written.span, *DISPLAYS[function])
        if part(written, _head_of(written)).strip() == "(":
            return _displayed(written, function)
    space = " " if written.glued else ""
    if written.parenthesised:
        return (Edit(_start(written.whole), f"{space}{function}"),)
    return _around(written.span, f"{space}{function}(", ")")


def _displayed(written: Written, function: str) -> tuple[Edit, ...]:
    """A comprehension in place of a generator expression in parentheses."""
    opening, closing = _start(written.whole), _end(written.whole)
    first = opening._replace(end_column=opening.column + 1)
    last = closing._replace(column=closing.column - 1)
    return Edit(first, DISPLAYS[function][0]), Edit(last, DISPLAYS[function][1])


def each_called_with(expressions: Iterable[Written | None], function: str) -> Edits:
    """The same for several expressions, if it can be done to all of them."""
    return together(called_with(written, function) for written in expressions)


def bracketed(written: Written | None, before: str, after: str) -> Edits:
    """The expression between brackets."""
    return None if written is None or written.bare else _around(written.whole, before, after)


def starred(written: Written | None, ending: str = "") -> Edits:
    """`*expression`, with something added to the expression, in a display."""
    if written is None or not written.closed:
        return None
    return (Edit(_start(written.whole), "*"), *([Edit(_end(written.whole), ending)] if ending else ()))


def only_item(display: Written | None, items: Sequence[Written | None]) -> Edits:
    """The only item of a list in place of the list."""
    item = items[0] if len(items) == 1 else None
    if display is None or item is None or display.parenthesised:
        return None
    head = _start(display.span)._replace(end_row=item.whole.row, end_column=item.whole.column)
    tail = _rest_of(display, item.whole)
    return None if "#" in part(display, head) + part(display, tail) else (Edit(head, ""), Edit(tail, ""))


def followed_by(written: Written | None, ending: str) -> Edits:
    """`expression.method()` and the like; what binds less is put into parentheses."""
    if written is None or written.bare:
        return None
    if written.closed:
        return (Edit(_end(written.whole), ending),)
    return _around(written.span, "(", f"){ending}")


def renamed(span: Span, old: str, new: str) -> Edits:
    """Another name at the end of what stands there."""
    return (Edit(span._replace(row=span.end_row, column=span.end_column - len(old)), new),)


def keyword_renamed(call: Written | None, old: str, value: Span, new: str) -> Edits:
    """Another keyword for the argument of a call that has this value."""
    arguments = () if call is None or call.arguments is None else call.arguments
    found = [one.span for one in arguments if one.keyword == old and one.value.span == value]
    if len(found) != 1 or any(one.keyword == new or one.star == "**" for one in arguments):
        return None
    start = _start(found[0])
    return (Edit(start._replace(end_column=start.column + len(old)), new),)


def keyword_set(call: Written | None, keyword: str, value: str) -> Edits:
    """The call with `keyword=value` as its last argument, or in place of the value that it has."""
    if call is None or call.arguments is None or any(one.star == "**" for one in call.arguments):
        return None
    for one in call.arguments:
        if one.keyword == keyword:
            return (Edit(one.value.whole, value),)
    if not call.arguments:
        inside = _end(call.span)._replace(column=call.span.end_column - 1, end_column=call.span.end_column - 1)
        return (Edit(inside, f"{keyword}={value}"),) if part(call, call.span).endswith("()") else None
    last = call.arguments[-1]
    return None if last.value.bare else (Edit(_end(last.span), f", {keyword}={value}"),)


def keyword_dropped(call: Written | None, keyword: str) -> Edits:
    """The call without this argument and its comma."""
    arguments = () if call is None or call.arguments is None else call.arguments
    place = next((place for place, one in enumerate(arguments) if one.keyword == keyword), None)
    if call is None or place is None:
        return None
    gone = arguments[place].span
    if place:
        gone = _end(arguments[place - 1].span)._replace(end_row=gone.end_row, end_column=gone.end_column)
    elif len(arguments) > 1:
        following = arguments[1].span
        gone = gone._replace(end_row=following.row, end_column=following.column)
    elif part(call, _rest_of(call, gone)).strip() != ")":
        return None  # a comma would be left alone
    return None if "#" in part(call, gone) else (Edit(gone, ""),)


def assigned_by_call(target: Written | None, attribute: str, method: str, value: Written | None) -> Edits:
    """`target.method(value)` in place of `target.attribute = value`."""
    if target is None or target.parenthesised or value is None or value.bare:
        return None
    head = _end(target.span)._replace(end_row=value.whole.row, end_column=value.whole.column)
    head = head._replace(column=head.column - len(attribute))
    return Edit(head, f"{method}("), Edit(_end(value.whole), ")")


def looked_up_by_identity(
    test: Written | None, left: Written | None, among: Written | None, variable: str, negated: bool
) -> Edits:
    """`any(left is variable for variable in among)` in place of `left in among`."""
    if test is None or left is None or among is None or left.bare or among.bare:
        return None
    between = _end(left.whole)._replace(end_row=among.whole.row, end_column=among.whole.column)
    if "#" in part(test, between) or not _holds(test, left) or not _holds(test, among):
        return None
    start = f"{' ' if test.glued and not test.parenthesised else ''}{'not ' if negated else ''}any("
    edits = Edit(_start(left.whole), start), Edit(between, f" is {variable} for {variable} in ")
    return (*edits, Edit(_end(among.whole), ")"))


def dict_for_set(made: Written | None, function: Written | None, *, walks: bool) -> Edits:
    """`dict.fromkeys(x)` in place of `set(x)`, or of a display."""
    if function is not None:
        return (Edit(function.whole, "dict.fromkeys"),)
    if made is None:
        return None
    opening, closing = _start(made.span), _end(made.span)
    first = opening._replace(end_column=opening.column + 1)
    last = closing._replace(column=closing.column - 1)
    space, brackets = " " if made.glued else "", ("", "") if walks else ("[", "]")
    return Edit(first, f"{space}dict.fromkeys({brackets[0]}"), Edit(last, f"{brackets[1]})")


def text_replaced(literal: Written | None, old: str, new: str) -> Edits:
    """Another text between the quotes of a literal."""
    text = "" if literal is None else part(literal, literal.span)
    if literal is None or text not in (f'"{old}"', f"'{old}'"):
        return None
    inside = literal.span._replace(column=literal.span.column + 1, end_column=literal.span.end_column - 1)
    return (Edit(inside, new),)


def leaf_last(product: Written | None, leaf: Written | None) -> Edits:
    """`Parameter(f(x))` in place of `f(Parameter(x))`: what is around the leaf moves to what is in it."""
    data = _data_of(leaf)
    if product is None or leaf is None or data is None or not _holds(product, leaf):
        return None
    head = product.span._replace(end_row=leaf.whole.row, end_column=leaf.whole.column)
    tail = _rest_of(product, leaf.whole)
    before, after = (_unix(part(product, span)) for span in (head, tail))
    if "#" in before + after or ":=" in product.text:
        return None
    if not data.closed:
        before, after = f"{before}(", f"){after}"
    edits = (Edit(head, ""), Edit(_start(data.whole), before), Edit(_end(data.whole), after), Edit(tail, ""))
    return tuple(edit for edit in edits if edit.content or _start(edit.span) != edit.span)


def _data_of(call: Written | None) -> Written | None:
    """What a Parameter is made of."""
    arguments = () if call is None or call.arguments is None else call.arguments
    if not arguments or arguments[0].star or arguments[0].keyword not in (None, "data"):
        return None
    data = arguments[0].value
    return None if data.bare else data


def gradients_last(product: Written | None, leaves: Sequence[Written | None]) -> Edits:
    """`f(make(x)).requires_grad_()` in place of `f(make(x, requires_grad=True))`."""
    if product is None or ":=" in product.text or not leaves:
        return None
    if not all(leaf is not None and _holds(product, leaf) for leaf in leaves):
        return None
    dropped = [keyword_dropped(leaf, "requires_grad") for leaf in leaves]
    return together([*dropped, followed_by(product, ".requires_grad_()")])


def part(written: Written, span: Span) -> str:
    """The text under a span inside an expression."""
    text = written.text
    ends = (at for at, char in enumerate(text) if char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n"))
    starts = [0, *(at + 1 for at in ends)]
    start = _offset(written.whole, starts, span.row, span.column)
    return text[start : _offset(written.whole, starts, span.end_row, span.end_column)]


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _offset(whole: Span, starts: Sequence[int], row: int, column: int) -> int:
    return column - whole.column if row == whole.row else starts[row - whole.row] + column - 1


def _holds(outer: Written, inner: Written) -> bool:
    """Whether one expression stands inside another, and is not the same."""
    here, there = outer.span, inner.whole
    starts_inside = (here.row, here.column) <= (there.row, there.column)
    ends_inside = (there.end_row, there.end_column) <= (here.end_row, here.end_column)
    same_file = (here.filename, here.cell) == (there.filename, there.cell)
    return same_file and starts_inside and ends_inside and here != there


def _around(span: Span, before: str, after: str) -> tuple[Edit, ...]:
    return Edit(_start(span), before), Edit(_end(span), after)


def _start(span: Span) -> Span:
    return span._replace(end_row=span.row, end_column=span.column)


def _end(span: Span) -> Span:
    return span._replace(row=span.end_row, column=span.end_column)


def _head_of(written: Written) -> Span:
    """What stands before an expression in its own parentheses."""
    return _start(written.whole)._replace(end_row=written.span.row, end_column=written.span.column)


def _rest_of(outer: Written, inner: Span) -> Span:
    """What stands in an expression after a part of it."""
    return _end(inner)._replace(end_row=outer.span.end_row, end_column=outer.span.end_column)
