"""Which leaves a loss reaches: a walk over the graph of autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from torch import Tensor

LIMIT = 100_000


def reached_leaves(roots: tuple[Tensor, ...]) -> list[Tensor] | None:
    """All leaves that `backward` on these roots would give a gradient; None for a graph too large to walk."""
    leaves = [root for root in roots if root.grad_fn is None and root.requires_grad]
    stack: list[Any] = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(stack)
    while stack:
        node = stack.pop()
        edges = node.next_functions
        if not edges:
            variable = getattr(node, "variable", None)
            if isinstance(variable, torch.Tensor):
                leaves.append(variable)
        for following, _ in edges:
            if following is not None and following not in seen:
                seen.add(following)
                stack.append(following)
        if len(seen) > LIMIT:
            return None
    return leaves
