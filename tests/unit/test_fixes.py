"""Fixes of the rules: they mend each case, which then runs, and are not offered where they may do harm."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest

from tests.fixing import PREAMBLE, mended
from tests.pages.execute import execute, torch_fits
from tests.pages.lint import fix_case, lint_case
from tests.pages.marks import Line
from tests.pages.page import Case, read_page

ROOT = Path(__file__).parents[2]


# The share of the diagnostics in the cases that have a fix: the others can't be mended without doing harm.
SHARES = {"OPT101": 0.8, "OPT102": 0.95, "OPT103": 0.9, "OPT104": 0.9, "OPT201": 0.45, "OPT202": 0.75, "OPT205": 0.85}
SHARES |= {"OPT403": 0.85, "OPT404": 0.9, "OPT506": 0.8}
SHARES |= {"OPT206": 0.5, "OPT207": 0.75, "OPT301": 0.7, "OPT304": 0.3}
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


def is_shown_on(page: Path) -> bool:
    return any(case.above for case in read_page(page))


def test_every_rule_that_has_fixes_shows_one_and_is_tested_here() -> None:
    checks = (ROOT / "optlint" / "checks").glob("opt*.py")
    fixing = {path.name[:6].upper() for path in checks if "fix=" in path.read_text(encoding="utf-8")}
    assert fixing == set(CODES)
    shown = {code for code in CODES for page in ROOT.glob(f"rules/{code}-*.md") if is_shown_on(page)}
    assert shown == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_most_diagnostics_have_a_fix(code: str) -> None:
    said = [one for page in pages(code) for case in cases(page) for one in lint_case(case) if one.code == code]
    assert sum(bool(one.fix) for one in said) >= SHARES[code] * len(said) > 0


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
    "identity, however it is asked for": (
        """
        def rest(model: nn.Module, q):
            head = [model.weight, q]
            first = [p for p in model.parameters() if not(p)in head]
            return first, model.bias in[
                model.weight,  # and no other
            ], [q for q in model.parameters() if q not in head]
        """,
        {"not(p)in head": "not any((p) is q for q in head)",
         "model.bias in[\n        model.weight,  # and no other\n    ]":
         "any(model.bias is q for q in [\n        model.weight,  # and no other\n    ])",
         "q not in head": "not any(q is each for each in head)"},
    ),
    "a dict for a set": (
        """
        def build(model: nn.Module):
            params = {
                p  # each once
                for p in model.parameters()
            }
            first = optim.SGD(params, lr=0.1)
            second = optim.SGD([{"params":{*model.parameters()}}], lr=0.1)
            return first, second
        """,
        {"params = {\n": "params = dict.fromkeys(\n", "parameters()\n    }": "parameters()\n    )",
         "{*model.parameters()}": "dict.fromkeys([*model.parameters()])"},
    ),
    "keys in all quotes": (
        """
        def build(a: nn.Module, b: nn.Module, lr):
            groups = [{"params": a.parameters(), 'learning_rate': lr}, {"params": b.parameters(), "Weight_Decay": 0.1}]
            return optim.AdamW(groups, lr=1e-3)
        """,
        {"'learning_rate'": "'lr'", '"Weight_Decay"': '"weight_decay"'},
    ),
    "a value for a parameter": (
        """
        def scale(model: nn.Module, lr):
            for p in model.parameters():
                p = torch.clamp(p - lr * (p.grad + 1e-4 * p), -1, 1)
            with torch.no_grad():
                for p in model.parameters():
                    p = (
                        -p / 2  # half of it
                    )
        """,
        {"p = torch.clamp(p - lr * (p.grad + 1e-4 * p), -1, 1)":
         "p.data.copy_(torch.clamp(p - lr * (p.grad + 1e-4 * p), -1, 1))",
         "p = (\n                -p / 2  # half of it\n            )":
         "p.copy_((\n                -p / 2  # half of it\n            ))"},
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


def test_unsafe_fixes_wait_to_be_asked_for() -> None:
    code = f"{PREAMBLE}model = nn.Linear(2, 2)\nmodel.requires_grad = False\n"
    assert mended(code, unsafe=False).document.code == code
    assert mended(code).document.code == code.replace("requires_grad = False", "requires_grad_(False)")
