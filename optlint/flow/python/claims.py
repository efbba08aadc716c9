"""Code that claims something rather than doing it: what is done there is done to see that it goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.flow.core.values import External
from optlint.flow.reading import ir

if TYPE_CHECKING:
    from optlint.flow.core.machine import Machine
    from optlint.flow.core.state import State

EXPECTING = frozenset({"pytest.raises", "pytest.warns", "contextlib.suppress", "nose.tools.assert_raises"})


def expects_error(machine: Machine, context: ir.Expression, state: State) -> bool:
    """Whether a context waits for its body to fail: `pytest.raises(…)`, `self.assertRaises(…)`."""
    if not isinstance(context, ir.Call):
        return False
    if isinstance(context.func, ir.Attribute) and context.func.attr.startswith("assert"):
        return True
    function = machine.evaluate(context.func, state)
    return isinstance(function, External) and function.path in EXPECTING


def asks_for_graph(test: ir.Expression) -> bool:
    """`assert loss.grad_fn`, also with `is not None`: what is claimed here is that it goes well."""
    if isinstance(test, ir.Comparison) and test.rest[0][0] == "is not":
        test = test.left
    return isinstance(test, ir.Attribute) and test.attr == "grad_fn"
