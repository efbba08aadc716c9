"""Calls of all that the engine knows by name, with too few arguments, too many, or unknown ones: it never crashes."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from itertools import islice

import pytest

import optlint
from optlint import flow

PREAMBLE = """\
import torch, copy, itertools, functools, random
from torch import nn

model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 1))
p, params = model[0].weight, model.parameters()
optimizer = torch.optim.Adam(model.parameters())
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)
groups = [{"params": [p]}]
"""
USE = """\
def use_{number}(unknown):
    made = {call}
    for part in made:
        torch.optim.SGD(part, lr=1)
    torch.optim.SGD(made, lr=1)
    made.backward()
    optimizer.step()
"""
ARGUMENTS = ("", "*[]", "*unknown", "p", "None, None, None, None")
RECEIVERS = ("model", "p", "params", "optimizer", "scheduler", "groups", "unknown")
IN_A_FILE = 150


def words() -> Iterator[str]:
    """All strings in the tables of the engine."""
    for module in pkgutil.walk_packages(flow.__path__, "optlint.flow."):
        for name, table in vars(import_module(module.name)).items():
            if name.isupper() and isinstance(table, frozenset | set | dict | tuple):
                yield from (word for word in table if isinstance(word, str))


def functions() -> list[str]:
    """The functions and classes among them, as they are written in a program."""
    dotted = {word for word in words() if "." in word and all(part.isidentifier() for part in word.split("."))}
    return sorted(word.removeprefix("builtins.") for word in dotted)


def methods() -> list[str]:
    return sorted({word for word in words() if word.isidentifier()})


def calls() -> Iterator[str]:
    """Each function with all arguments, each method with two of them on two receivers."""
    yield from (f"{function}({given})" for function in functions() for given in ARGUMENTS)
    for number, method in enumerate(methods()):
        for turn in (0, 3):
            receiver = RECEIVERS[(number + turn) % len(RECEIVERS)]
            yield from (f"{receiver}.{method}({ARGUMENTS[(number + turn + more) % len(ARGUMENTS)]})" for more in (0, 1))


def is_written(call: str) -> bool:
    """Whether a call is one in Python, and no keyword is taken for a name."""
    try:
        compile(call, "<call>", "eval")
    except SyntaxError:
        return False
    return True


def programs() -> Iterator[str]:
    written = filter(is_written, calls())
    while batch := list(islice(written, IN_A_FILE)):
        roots = sorted({call.partition(".")[0] for call in batch} - {*RECEIVERS})
        imports = "".join(f"import {root}\n" for root in roots if root.isidentifier())
        yield imports + PREAMBLE + "".join(USE.format(number=n, call=call) for n, call in enumerate(batch))


@pytest.mark.parametrize("program", list(programs()), ids=lambda _: "")
def test_no_call_is_too_odd(program):
    optlint.lint(program)
