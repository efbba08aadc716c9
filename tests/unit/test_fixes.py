"""Fixes of the rules: they mend each case, which then runs, and are not offered where they may do harm."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

from optlint.checking import Policies
from optlint.config import Config
from optlint.document import PythonFile
from optlint.fix import ALSO_UNSAFE, SAFE, Fixed, fix
from optlint.linter import Task, diagnose
from optlint.selection import Selection
from tests.pages.execute import execute, torch_fits
from tests.pages.lint import fix_case, lint_case
from tests.pages.marks import Line
from tests.pages.page import Case, read_page

ROOT = Path(__file__).parents[2]
PREAMBLE = "import torch\nfrom torch import nn, optim\n"


# The share of the diagnostics in the cases that have a fix: the others can't be mended without doing harm.
SHARES = {"OPT101": 0.85, "OPT102": 0.95, "OPT103": 0.9, "OPT104": 0.9, "OPT201": 0.45, "OPT202": 0.75, "OPT205": 0.9}
SHARES |= {"OPT403": 0.9, "OPT404": 0.95}
CODES = tuple(SHARES)


def pages(code: str) -> list[Path]:
    return [*ROOT.glob(f"rules/{code}-*.md"), *sorted(ROOT.glob(f"tests/cases/{code}/*.md"))]


def cases(page: Path) -> list[Case]:
    """The blocks of a page on which something is expected."""
    return [case for case in read_page(page) if not case.above and any(line.marks for line in case.main.lines)]


def with_code(case: Case, code: str) -> Case:
    lines = tuple(Line(row, text, text) for row, text in enumerate(code.splitlines(), 1))
    return case._replace(files=(*case.files[:-1], case.main._replace(lines=lines)))


class Claims(ast.NodeTransformer):
    """Drops what may claim that something goes wrong."""

    def visit_Assert(self, node: ast.Assert) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)

    def visit_Raise(self, node: ast.Raise) -> ast.stmt:
        return ast.copy_location(ast.Pass(), node)


def runs(case: Case, code: str, page: Path) -> None:
    attributes = case.attributes._replace(values=())
    execute(with_code(case._replace(attributes=attributes), ast.unparse(Claims().visit(ast.parse(code)))), page)


def is_mended(case: Case, page: Path) -> None:
    """What has a fix is gone, nothing else is said, nothing more is changed, and the block runs as before."""
    before = lint_case(case)
    fixable = Counter(one.code for one in before if one.fix)
    code = fix_case(case, unsafe=True)
    fixed = with_code(case, code)
    after = lint_case(fixed)
    assert [one for one in after if one.fix] == []
    assert Counter(one.code for one in after) == Counter(one.code for one in before) - fixable
    assert fix_case(fixed, unsafe=True) == code
    if fixable and case.runs and torch_fits(case):
        runs(case, code, page)


@pytest.mark.parametrize(
    "page", [page for code in CODES for page in pages(code)], ids=lambda page: f"{page.parent.name}-{page.stem}"
)
def test_cases_are_mended(page: Path) -> None:
    for case in cases(page):
        try:
            is_mended(case, page)
        except Exception as error:
            raise AssertionError(f"{page.name}:{case.row}") from error


@pytest.mark.parametrize("code", CODES)
def test_most_diagnostics_have_a_fix(code: str) -> None:
    said = [one for page in pages(code) for case in cases(page) for one in lint_case(case) if one.code == code]
    assert sum(bool(one.fix) for one in said) >= SHARES[code] * len(said) > 0


@cache
def policies() -> Policies:
    return Policies(Selection())


def mended(text: str, *, unsafe: bool = True) -> Fixed:
    policy = policies().of(Config())
    task = Task("main.py", policy, frozenset(policy.registry.rules))
    return fix(PythonFile(text), "main.py", lambda document: diagnose(document, task), ALSO_UNSAFE if unsafe else SAFE)


@pytest.mark.parametrize("code", CODES)
def test_line_ends_and_tabs_are_kept(code: str) -> None:
    """What is changed is the same, and all else stays as it was."""
    for page in ROOT.glob(f"rules/{code}-*.md"):
        for case in read_page(page):
            tabbed = case.main.text.replace("    ", "\t")
            expected = mended(tabbed).document.code.replace("\n", "\r\n")
            assert mended(tabbed.replace("\n", "\r\n")).document.code == expected


MENDED = {
    "a generator becomes a list": (
        """
        model = nn.Linear(2, 2)
        params = (p for p in model.parameters() if p.requires_grad)
        optimizer = optim.SGD([{"params": params}], lr=0.1)
        for p in params:
            print(p)
        """,
        {"params = (p for p in model.parameters() if p.requires_grad)":
         "params = [p for p in model.parameters() if p.requires_grad]"},
    ),
    "over several lines": (
        """
        def build(model: nn.Module):
            params = (
                # keep what is trained
                filter(
                    lambda p: p.requires_grad,
                    model.parameters(),  # all
                )
            )
            optimizer = optim.SGD(params, lr=0.1)
            return optimizer, [p.shape for p in params]
        """,
        {"params = (\n": "params = list(\n"},
    ),
    "a walrus": (
        """
        def build(model: nn.Module):
            if (params := model.parameters()):
                optimizer = optim.SGD(params, lr=0.1)
            return [p.shape for p in params]
        """,
        {"(params := model.parameters())": "(params := list(model.parameters()))"},
    ),
    "a helper of this file gives it": (
        """
        def head(model):
            return(model[-1].parameters())

        model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
        params = head(model)
        optimizer = optim.SGD(params, lr=0.1)
        print(len([p for p in params]), next(head(model)).shape)
        """,
        {"params = head(model)": "params = list(head(model))"},
    ),
    "both callers of a helper": (
        """
        def build(params, lr):
            print(sum(p.numel() for p in params))
            return optim.SGD([{"params": params}], lr=lr)

        first = build(nn.Linear(2, 2).parameters(), 0.1)
        second = build(nn.Linear(3, 3).parameters(), 0.2)
        """,
        {"nn.Linear(2, 2).parameters()": "list(nn.Linear(2, 2).parameters())",
         "nn.Linear(3, 3).parameters()": "list(nn.Linear(3, 3).parameters())"},
    ),
    "iter": (
        """
        def build(model: nn.Module):
            params = iter(model.parameters())
            optimizer = optim.SGD(params, lr=0.1)
            return optimizer, [p.shape for p in params]
        """,
        {"iter(model.parameters())": "list(iter(model.parameters()))"},
    ),
    "a set only where nothing else is asked": (
        """
        model = nn.Linear(2, 2)
        ids = map(id, model.parameters())
        names = (n.lower() for n, p in model.named_parameters())
        both = [(id(p) in ids, n in names) for n, p in model.named_parameters()]
        again = [id(p) in ids for p in model.parameters()]
        """,
        {"ids = map(id, model.parameters())": "ids = set(map(id, model.parameters()))",
         "names = (n.lower() for n, p in model.named_parameters())":
         "names = [n.lower() for n, p in model.named_parameters()]"},
    ),
    "a name looked up": (
        """
        def weight(model: nn.Module):
            return model.named_parameters()["weight"]
        """,
        {"model.named_parameters()[": "dict(model.named_parameters())["},
    ),
    "an argument that needs parentheses": (
        """
        def build(a: nn.Module, b: nn.Module, first: bool):
            return optim.SGD(a.parameters if first else b.parameters, lr=0.1)
        """,
        {"a.parameters if first else b.parameters": "(a.parameters if first else b.parameters)()"},
    ),
    "a literal that says no": (
        """
        noise = torch.rand(3, requires_grad=False)
        optimizer = optim.SGD([noise], lr=0.1)
        print(noise)
        """,
        {"requires_grad=False": "requires_grad=True"},
    ),
    "several leaves in one": (
        """
        both = torch.cat([torch.zeros(3, requires_grad=True), torch.ones(3, requires_grad=True)])
        optimizer = optim.SGD([both], lr=0.1)
        """,
        {"torch.cat([torch.zeros(3, requires_grad=True), torch.ones(3, requires_grad=True)])":
         "torch.cat([torch.zeros(3), torch.ones(3)]).requires_grad_()"},
    ),
    "after every form of init": (
        """
        class Old(nn.Module):
            def __init__(self):
                super(Old, self).__init__()
                self.gain = 2 * nn.Parameter(torch.ones(3), requires_grad=True)

        class Older(nn.Module):
            def __init__(self):
                nn.Module.__init__(self)
                self.gain = nn.Parameter(-torch.ones(3)).view(1, 3)
        """,
        {"2 * nn.Parameter(torch.ones(3), requires_grad=True)": "nn.Parameter(2 * torch.ones(3), requires_grad=True)",
         "nn.Parameter(-torch.ones(3)).view(1, 3)": "nn.Parameter((-torch.ones(3)).view(1, 3))"},
    ),
    "two statements on a line": (
        """
        first, second = nn.Linear(2, 2), nn.Linear(2, 2)
        first.requires_grad = not True; second . requires_grad=(False)  # both
        """,
        {"first.requires_grad = not True": "first.requires_grad_(not True)",
         "second . requires_grad=(False)": "second . requires_grad_((False))"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "changes"), MENDED.values(), ids=MENDED)
def test_what_a_fix_writes(code: str, changes: dict[str, str]) -> None:
    before = expected = PREAMBLE + dedent(code)
    for old, new in changes.items():
        assert old in expected
        expected = expected.replace(old, new)
    done = mended(before)
    assert done.document.code == expected
    assert done.remaining == []


HARMFUL = {
    "a list is no iterator": """
        params = model.parameters()
        device = next(params).device
        optimizer = optim.SGD(params, lr=0.1)
        """,
    "nor in another method": """
        class Trainer:
            def __init__(self, net: nn.Module):
                self.params = net.parameters()
                self.optimizer = optim.SGD(self.params, lr=0.1)

            def norm(self):
                return sum(p.norm() for p in self.params)

            def first(self):
                return next(self.params, None)
        """,
    "it cannot be closed": """
        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        params.close()
        print([p.shape for p in params])
        """,
    "its type is asked for": """
        params = model.parameters()
        if not isinstance(params, list):
            print("an iterator")
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "one group would share with another": """
        params = model.parameters()
        optimizer = optim.SGD([{"params": params}, {"params": params, "lr": 0.2}], lr=0.1)
        """,
    "so would a group added later": """
        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        optimizer.add_param_group({"params": params, "lr": 0.2})
        """,
    "so would groups made in a loop": """
        params = model.parameters()
        groups = []
        for lr in (0.1, 0.2):
            groups.append({"params": params, "lr": lr})
        optimizer = optim.SGD(groups)
        """,
    "so might lists that unknown code gets": """
        from helpers import make_groups

        named = model.named_parameters()
        biases = [p for n, p in named if "bias" in n]
        others = [p for n, p in named if "bias" not in n]
        optimizer = optim.SGD(make_groups(biases, others), lr=0.1)
        """,
    "so might lists that are filled in branches": """
        named = model.named_parameters()
        biases, others = [], []
        for n, p in named:
            if "bias" in n:
                biases.append(p)
        for n, p in named:
            if "bias" not in n:
                others.append(p)
        optimizer = optim.SGD([{"params": biases}, {"params": others}], lr=0.1)
        """,
    "pairs of neighbours": """
        params = model.parameters()
        groups = [{"params": [w, b]} for w, b in zip(params, params)]
        optimizer = optim.SGD(groups, lr=0.1)
        print([p.shape for p in params])
        """,
    "a split on purpose": """
        from itertools import islice

        params = model.parameters()
        optimizer = optim.SGD([{"params": list(islice(params, 2))}, {"params": list(params)}], lr=0.1)
        print([p.shape for p in params])
        """,
    "a loop that goes on where another stopped": """
        layers = model.children()
        for layer in layers:
            if isinstance(layer, nn.ReLU):
                break
        for layer in layers:
            print(layer)
        print([type(layer) for layer in layers])
        """,
    "frozen after the filter was made": """
        params = filter(lambda p: p.requires_grad, model.parameters())
        for p in model[0].parameters():
            p.requires_grad = False
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "frozen by unknown code": """
        from helpers import freeze

        params = filter(lambda p: p.requires_grad, model.parameters())
        freeze(model)
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "a layer replaced after the iterator was made": """
        params = model.parameters()
        model[1] = nn.Linear(2, 3)
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "names that are collected later": """
        names = []
        params = (p for n, p in model.named_parameters() if n in names)
        names.append("0.weight")
        optimizer = optim.SGD([{"params": params}], lr=0.1)
        print([p.shape for p in params])
        """,
    "a name that means something else": """
        def list(values):
            return values

        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "an argument default": """
        def count(params=model.parameters()):
            return sum(p.numel() for p in params)

        print(count(), count())
        """,
    "a generator function": """
        def twice(net: nn.Module):
            params = net.parameters()
            for p in params:
                yield p
            for p in params:
                yield p

        print(sum(1 for _ in twice(model)))
        """,
    "pairs looked up by what may be a name": """
        def weight(net: nn.Module, name):
            return net.named_parameters()[name]
        """,
    "a helper that others call": """
        def build(params, lr=0.1):
            return optim.SGD(params, lr=lr)

        first, second = build(model), build(model.parameters())
        """,
    "an argument that stands elsewhere": """
        options = {"params": model, "lr": 0.1}
        optimizer = optim.SGD(**options)
        """,
    "a tensor that would be refused or ignored": """
        first = optim.SGD(torch.zeros(3), lr=0.1)
        second = optim.SGD(torch.zeros(3, requires_grad=True) * 2, lr=0.1)
        """,
    "a tensor that is written to": """
        image = torch.zeros(3)
        image[0] = 1.0
        optimizer = optim.SGD([image], lr=0.1)
        print(image)
        """,
    "a tensor that becomes an array": """
        image = torch.rand(3)
        optimizer = optim.SGD([image], lr=0.1)
        print(image.numpy())
        """,
    "whole numbers": """
        first, second = torch.tensor([1, 2]), torch.zeros(3, dtype=torch.long)
        optimizer = optim.SGD([first, second], lr=0.1)
        print(first, second)
        """,
    "a function without the keyword": """
        import numpy as np

        points = torch.from_numpy(np.ones(3))
        optimizer = optim.SGD([points], lr=0.1)
        print(points)
        """,
    "a product that is written to": """
        offset = torch.zeros(3, requires_grad=True) * 2
        offset += 1
        optimizer = optim.SGD([offset], lr=0.1)
        """,
    "a leaf that has a name": """
        leaf = torch.zeros(3, requires_grad=True)
        both = torch.cat([leaf, torch.ones(3, requires_grad=True)])
        optimizer = optim.SGD([both], lr=0.1)
        """,
    "a Parameter before init": """
        class Net(nn.Module):
            def __init__(self):
                self.gain = nn.Parameter(torch.ones(3)) * 2
                super().__init__()
        """,
    "an attribute that becomes a tensor later": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

            def normalize(self):
                self.gain = self.gain.detach() / 2
        """,
    "an attribute that a subclass sets": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

        class Fixed(Net):
            def __init__(self):
                super().__init__()
                self.gain = torch.ones(3)
        """,
    "an attribute that is changed in place": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

            def forward(self, x):
                return x * self.gain.clamp_(0, 1)
        """,
    "flags that torch refuses": """
        model[0].weight.require_grad = 0
        numbers = torch.arange(3)
        numbers.require_grad = True
        product = torch.zeros(3, requires_grad=True) * 2
        product.require_grad = False
        """,
    "keywords that are there, or unknown": """
        first = torch.zeros(3, requires_grad=True, require_grad=True)
        second = torch.from_numpy([1.0], require_grad=True)
        """,
    "more than an assignment": """
        head = nn.Linear(2, 2)
        model.requires_grad = head.requires_grad = False
        model.requires_grad, head.requires_grad = False, True
        model.requires_grad: bool = False
        (model.requires_grad) = False
        model.requires_grad = None
        """,
}


@pytest.mark.parametrize("code", HARMFUL.values(), ids=HARMFUL)
def test_no_fix_where_it_may_do_harm(code: str) -> None:
    done = mended(f"{PREAMBLE}model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))\n{dedent(code)}")
    assert done.remaining
    assert [one for one in done.remaining if one.fix] == []


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    code = f"{PREAMBLE}model = nn.Linear(2, 2)\nmodel.requires_grad = False\n"
    assert mended(code, unsafe=False).document.code == code
    assert mended(code).document.code == code.replace("requires_grad = False", "requires_grad_(False)")
