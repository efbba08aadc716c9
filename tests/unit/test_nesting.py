"""Walking along statements gives just those that walking along all nodes meets, in the order of the source."""

from __future__ import annotations

from pathlib import Path

import pytest

from optlint.flow.reading import ir, nesting
from optlint.flow.reading.texts import AstText, body_of, statements_of

SOURCES = sorted(Path(__file__).parents[2].glob("optlint/flow/python/*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_statement_is_left_out(path):
    block = statements_of(AstText(path.read_text(encoding="utf-8"), str(path)))
    bodies: dict[ir.Function, ir.Block] = {}

    def known(function: ir.Function) -> ir.Block:
        return bodies.setdefault(function, body_of(function))

    all_nodes = set(ir.walk_all(block, known))
    found = list(nesting.statements(block, known))
    assigned = {node for node in all_nodes if isinstance(node, ir.Assign | ir.Evaluate | ir.Return | ir.Function)}
    assert assigned <= set(found) <= all_nodes
    assert len(found) == len(set(found))
    rows = [node.origin.lineno for node in nesting.statements(block) if isinstance(node, ir.Assign)]
    assert rows == sorted(rows)
