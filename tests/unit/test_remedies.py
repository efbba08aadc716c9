"""What fixes write, whatever the expression that they change looks like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst
import pytest

from optlint.diagnostic import Applicability
from optlint.fixes import remedies
from optlint.flow.reading.written import written
from optlint.sources.document import PythonFile
from optlint.sources.spans import Positions

if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.fixes.remedies import Edits, Written


class Source:
    """A module, and the expressions in it by their text without parentheses."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.module = libcst.parse_module(text)
        self.positions = Positions(self.module, "f.py")

    def find(self, code: str) -> Written:
        for node in _all(self.module):
            if isinstance(node, libcst.BaseExpression) and self.positions.text(node, node) == code:
                found = written(node, self.positions)
                assert found is not None
                return found
        raise AssertionError(f"{code} is not in {self.text}")

    def after(self, edits: Edits) -> str | None:
        return None if edits is None else PythonFile(self.text).edited(edits).code


def _all(node: libcst.CSTNode) -> list[libcst.CSTNode]:
    return [node, *(inner for child in node.children for inner in _all(child))]


def changed(text: str, code: str, remedy: Callable[[Written], Edits]) -> str | None:
    source = Source(text)
    return source.after(remedy(source.find(code)))


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("p = m.parameters()", "m.parameters()", "p = list(m.parameters())"),
        ("p = (m.parameters())", "m.parameters()", "p = list(m.parameters())"),
        ("p = (\r\n\tm.f()  # all\r\n)\r\n", "m.f()", "p = list(\r\n\tm.f()  # all\r\n)\r\n"),
        ("def f(): return(m.f())", "m.f()", "def f(): return list(m.f())"),
        ("def f(): return(m).f()", "(m).f()", "def f(): return list((m).f())"),
        ("f(*m.f(), k=m.g())", "m.f()", "f(*list(m.f()), k=m.g())"),
        ("if (p := m.f()): pass", "m.f()", "if (p := list(m.f())): pass"),
        ("p = (x for x in y)", "x for x in y", "p = [x for x in y]"),
        ("p = ( x for x in y )", "x for x in y", "p = [ x for x in y ]"),
        ("p = f(x for x in y)", "x for x in y", "p = f([x for x in y])"),
        ("p = ((x for x in y))", "x for x in y", "p = list((x for x in y))"),
        ("p = f'{len(m.f())} é'", "m.f()", "p = f'{len(list(m.f()))} é'"),
    ],
)
def test_a_list_is_made_of_an_expression(text: str, code: str, expected: str) -> None:
    assert changed(text, code, lambda found: remedies.called_with(found, "list")) == expected


def test_a_set_is_a_display_too() -> None:
    assert changed("p = (id(x) for x in y)", "id(x) for x in y", lambda found: remedies.called_with(found, "set")) == (
        "p = {id(x) for x in y}"
    )


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("x = a.b", "a.b", "x = a.b()"),
        ("x = a if b else c", "a if b else c", "x = (a if b else c)()"),
        ("x = (a or b)", "a or b", "x = (a or b)()"),
        ("x = -a", "-a", "x = (-a)()"),
        ("def f(): return-a", "-a", "def f(): return(-a)()"),
        ("x = a, b", "a, b", None),
        ("x = f(y for y in z)", "y for y in z", None),
    ],
)
def test_what_follows_binds_to_the_whole_expression(text: str, code: str, expected: str | None) -> None:
    assert changed(text, code, lambda found: remedies.followed_by(found, "()")) == expected


def test_items_are_joined() -> None:
    source = Source("f([a.p(), (b).p(), c or d])")
    edits = [remedies.starred(source.find(code)) for code in ("a.p()", "(b).p()")]
    assert source.after(remedies.together(edits)) == "f([*a.p(), *(b).p(), c or d])"
    assert remedies.starred(source.find("c or d")) is None
    assert source.after(remedies.starred(source.find("a.p()"), ".q()")) == "f([*a.p().q(), (b).p(), c or d])"
    assert remedies.together([(), None]) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f([{}])", "f({})"),
        ("f(\n    [\n        {},\n    ]\n)", "f(\n    {}\n)"),
        ("f([  # why\n    {}\n])", None),
        ("f(([{}]))", None),
    ],
)
def test_an_item_is_taken_out_of_its_list(text: str, expected: str | None) -> None:
    source = Source(text)
    display = source.find(text[text.index("[") : text.index("]") + 1])
    assert source.after(remedies.only_item(display, [source.find("{}")])) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f()", "x = f(k=1)"),
        ("x = f(a)", "x = f(a, k=1)"),
        ("x = f(*a, b=(2))", "x = f(*a, b=(2), k=1)"),
        ("x = f(\n    a,\n)", "x = f(\n    a, k=1,\n)"),
        ("x = f(a, k = (0))", "x = f(a, k = 1)"),
        ("x = f(**a)", None),
        ("x = f(y for y in z)", None),
        ("x = f(  )", None),
    ],
)
def test_a_keyword_is_set(text: str, expected: str | None) -> None:
    assert changed(text, text[4:], lambda found: remedies.keyword_set(found, "k", "1")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f(k=1)", "x = f()"),
        ("x = f(a, k=1)", "x = f(a)"),
        ("x = f(a, k=1, b=2)", "x = f(a, b=2)"),
        ("x = f(k=1, b=2)", "x = f(b=2)"),
        ("x = f(a, k = (1),)", "x = f(a,)"),
        ("x = f(\n    a,\n    k=1,  # why\n)", "x = f(\n    a,  # why\n)"),
        ("x = f(\n    a,  # why\n    k=1,\n)", None),
        ("x = f(k=1,)", None),
        ("x = f(a)", None),
    ],
)
def test_a_keyword_is_dropped(text: str, expected: str | None) -> None:
    assert changed(text, text[4:], lambda found: remedies.keyword_dropped(found, "k")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f(kk = (1))", "x = f(k = (1))"),
        ("x = f(a, kk=1,)", "x = f(a, k=1,)"),
        ("x = f(kk=1, k=2)", None),
        ("x = f(kk=1, **a)", None),
    ],
)
def test_a_keyword_is_renamed(text: str, expected: str | None) -> None:
    value = Source(text).find("1").span
    assert changed(text, text[4:], lambda found: remedies.keyword_renamed(found, "kk", value, "k")) == expected


@pytest.mark.parametrize(
    ("text", "target", "value", "expected"),
    [
        ("a.b = c", "a.b", "c", "a.call(c)"),
        ("a.b = (c)", "a.b", "c", "a.call((c))"),
        ("(a) . b=c  # why", "(a) . b", "c", "(a) . call(c)  # why"),
        ("a.b = \\\n    c", "a.b", "c", "a.call(c)"),
        ("a.b = c if d else e", "a.b", "c if d else e", "a.call(c if d else e)"),
        ("a.b = c, d", "a.b", "c, d", None),
        ("(a.b) = c", "a.b", "c", None),
    ],
)
def test_an_assignment_becomes_a_call(text: str, target: str, value: str, expected: str | None) -> None:
    source = Source(text)
    edits = remedies.assigned_by_call(source.find(target), "b", "call", source.find(value))
    assert source.after(edits) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = P(a).to(d)", "x = P(a.to(d))"),
        ("x = P(a + b) * 2", "x = P((a + b) * 2)"),
        ("x = P((a + b)) * 2", "x = P((a + b) * 2)"),
        ("x = 2 * P(a, k=1)", "x = P(2 * a, k=1)"),
        ("x = -P(data=a)", "x = P(data=-a)"),
        ("x = f(P(a), 1).T", "x = P(f(a, 1).T)"),
        ("x = (P(a)) ** 2", "x = (P(a ** 2))"),
        (
            "x = (\r\n\tP(  # why\r\n\t\ta,\r\n\t)\r\n\t* 2\r\n)\r\n",
            "x = (\r\n\tP(  # why\r\n\t\ta\r\n\t* 2,\r\n\t)\r\n)\r\n",
        ),
        ("x = f(  # why\n    P(a))", None),
        ("x = f(P(a), y := 1)", None),
        ("x = P(*a) * 2", None),
        ("x = P() * 2", None),
    ],
)
def test_what_is_around_a_leaf_moves_into_it(text: str, expected: str | None) -> None:
    source = Source(text)
    module = source.module
    value = module.body[0].body[0].value
    product = written(value, source.positions)
    call = next(
        node for node in _all(value) if isinstance(node, libcst.Call) and getattr(node.func, "value", "") == "P"
    )
    assert source.after(remedies.leaf_last(product, written(call, source.positions))) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f(1, requires_grad=True) * 2", "x = (f(1) * 2).requires_grad_()"),
        ("x = (f(1, requires_grad=True)\n     * 2)", "x = (f(1)\n     * 2).requires_grad_()"),
        ("x = g(f(requires_grad=True), f(2, requires_grad=True))", "x = g(f(), f(2)).requires_grad_()"),
        ("x = g(y := f(1, requires_grad=True))", None),
        ("x = g(f(1, True))", None),
    ],
)
def test_gradients_are_asked_for_last(text: str, expected: str | None) -> None:
    source = Source(text)
    value = source.module.body[0].body[0].value
    calls = [node for node in _all(value) if isinstance(node, libcst.Call) and getattr(node.func, "value", "") == "f"]
    leaves = [written(call, source.positions) for call in calls]
    assert source.after(remedies.gradients_last(written(value, source.positions), leaves)) == expected


def test_a_leaf_elsewhere_is_left_alone() -> None:
    source = Source("y = P(a)\nx = y * 2\n")
    assert remedies.leaf_last(source.find("y * 2"), source.find("P(a)")) is None
    assert remedies.gradients_last(source.find("y * 2"), [source.find("P(a)")]) is None
    assert remedies.leaf_last(source.find("P(a)"), source.find("P(a)")) is None


def test_an_attribute_is_renamed() -> None:
    source = Source("é.\\\n  old = 1")
    assert source.after(remedies.renamed(source.find("é.\\\n  old").span, "old", "new")) == "é.\\\n  new = 1"


def test_a_fix_needs_edits() -> None:
    assert remedies.fix("mend it", None) is None
    assert remedies.fix("mend it", ()) is None
    edits = remedies.followed_by(Source("a").find("a"), "()")
    fixes = [remedies.fix("mend it", edits), remedies.fix("mend it", edits, safe=False)]
    assert [fix and fix.applicability for fix in fixes] == [Applicability.SAFE, Applicability.UNSAFE]


def test_nothing_is_made_of_what_is_not_known_to_the_letter() -> None:
    assert remedies.called_with(None, "list") is None
    assert remedies.each_called_with([None], "list") is None
    assert remedies.followed_by(None, "()") is None
    assert remedies.bracketed(None, "[", "]") is None
    assert remedies.starred(None) is None
    assert remedies.keyword_set(None, "k", "1") is None
    assert remedies.keyword_dropped(None, "k") is None
    assert remedies.leaf_last(None, None) is None
    assert remedies.gradients_last(None, []) is None
