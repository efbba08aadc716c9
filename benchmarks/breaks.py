"""The ways in which the mutation harness (`recall.py`) breaks a program that is right."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import NamedTuple

OPTIMIZER = ("optim", "opt", "scaler")
OPTIMIZERS = ("Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adamax", "LBFGS")
Place = tuple[ast.stmt, list[ast.stmt], int]


class Mutant(NamedTuple):
    """A program with one bug: which rule should find it, how it was made, on which row of the right program."""

    code: str
    how: str
    row: int
    text: str


class Edit(NamedTuple):
    """Rows of a file, counted from 1, and the lines that come in their place."""

    first: int
    last: int
    lines: tuple[str, ...]


def mutants(text: str) -> Iterator[Mutant]:
    """All that can be broken in a program."""
    lines = text.split("\n")
    for statement, block, place in _places(ast.parse(text).body):
        for (code, how), breaks in WAYS.items():
            edits = breaks(lines, (statement, block, place))
            if edits:
                yield Mutant(code, how, statement.lineno, "\n".join(_edited(lines, edits)))


def _places(block: list[ast.stmt]) -> Iterator[Place]:
    """Every statement, with the block that it is in."""
    for place, statement in enumerate(block):
        yield statement, block, place
        for name in ("body", "orelse", "finalbody"):
            inner = getattr(statement, name, None)
            yield from _places(inner) if isinstance(inner, list) else ()


def _edited(lines: list[str], edits: tuple[Edit, ...]) -> list[str]:
    result = list(lines)
    for edit in sorted(edits, reverse=True):
        result[edit.first - 1 : edit.last] = edit.lines
    return result


def _indent(lines: list[str], statement: ast.stmt) -> str:
    return lines[statement.lineno - 1][: statement.col_offset]


def _alone(lines: list[str], statement: ast.stmt) -> bool:
    """Whether nothing else stands on the rows of a statement."""
    before = lines[statement.lineno - 1][: statement.col_offset]
    after = lines[(statement.end_lineno or 0) - 1].encode()[statement.end_col_offset :].decode().strip()
    return not before.strip() and (not after or after.startswith("#"))


def _called(statement: ast.stmt) -> str:
    """The name of the method that a statement calls on something: `step` of `optimizer.step()`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    return call.func.attr if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else ""


def _owner(statement: ast.stmt) -> str:
    call = statement.value if isinstance(statement, ast.Expr) else None
    is_method = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value) if is_method else ""  # type: ignore[union-attr]


def _is_step(statement: ast.stmt) -> bool:
    return _called(statement) == "step" and any(word in _owner(statement).lower() for word in OPTIMIZER)


def _is_clip(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    return isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("clip_grad_norm_", "clip_grad_value_"))


def _drops(wanted: Callable[[ast.stmt], bool]) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Leave a statement out."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement = place[0]
        if not wanted(statement) or not _alone(lines, statement):
            return ()
        left = (f"{_indent(lines, statement)}pass",)
        return (Edit(statement.lineno, statement.end_lineno or 0, left),)

    return edits


def _moves(
    wanted: Callable[[ast.stmt], bool], where: Callable[[ast.stmt], bool], *, behind: bool
) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Move a statement behind the next one of some kind in its block; or before it, past a `backward`."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement, block, index = place
        target = next((other for other in block[index + 1 :] if where(other)), None)
        if not wanted(statement) or target is None or not _alone(lines, statement) or not _alone(lines, target):
            return ()
        if not behind and not any("backward" in ast.unparse(one) for one in block[index : block.index(target)]):
            return ()
        moved = tuple(lines[statement.lineno - 1 : statement.end_lineno])
        row = (target.end_lineno or 0) + 1 if behind else target.lineno
        return Edit(statement.lineno, statement.end_lineno or 0, ()), Edit(row, row - 1, moved)

    return edits


def _rewrites(change: Callable[[ast.stmt], str | None]) -> Callable[[list[str], Place], tuple[Edit, ...]]:
    """Write a statement in another way."""

    def edits(lines: list[str], place: Place) -> tuple[Edit, ...]:
        statement = place[0]
        new = change(statement) if _alone(lines, statement) else None
        if new is None:
            return ()
        indent = _indent(lines, statement)
        return (Edit(statement.lineno, statement.end_lineno or 0, tuple(indent + line for line in new.split("\n"))),)

    return edits


def _uncalled(*names: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        fits = _called(statement) in names and (_called(statement) != "step" or _is_step(statement))
        fits = fits and (_called(statement) not in ("eval", "backward") or ast.unparse(statement).endswith("()"))
        return f"{_owner(statement)}.{_called(statement)}" if fits else None

    return change


def _plain_list(statement: ast.stmt) -> str | None:
    """`self.layers = [...]` for `self.layers = nn.ModuleList([...])`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(value, ast.Call) or not ast.unparse(value.func).endswith("ModuleList") or len(value.args) != 1:
        return None
    given = value.args[0]
    whole = ast.unparse(given) if isinstance(given, ast.List | ast.ListComp) else f"list({ast.unparse(given)})"
    return f"{ast.unparse(statement.targets[0])} = {whole}"  # type: ignore[attr-defined]


def _plain_tensor(statement: ast.stmt) -> str | None:
    """`self.w = torch.zeros(3).requires_grad_()` for `self.w = nn.Parameter(torch.zeros(3))`."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    made = isinstance(value, ast.Call) and ast.unparse(value.func) in (
        "nn.Parameter",
        "torch.nn.Parameter",
        "Parameter",
    )
    if not made or len(value.args) != 1 or value.keywords or not isinstance(value.args[0], ast.Call):  # type: ignore[union-attr]
        return None
    target = ast.unparse(statement.targets[0])  # type: ignore[attr-defined]
    return f"{target} = {ast.unparse(value.args[0])}.requires_grad_()" if target.startswith("self.") else None  # type: ignore[union-attr]


def _spelt(old: str, new: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        fits = isinstance(target, ast.Attribute) and target.attr == old and isinstance(statement.value, ast.Constant)  # type: ignore[attr-defined]
        return ast.unparse(statement).replace(f".{old}", f".{new}") if fits else None

    return change


def _whole_module(statement: ast.stmt) -> str | None:
    """`model.requires_grad = False` for a loop over `model.parameters()`."""
    if not isinstance(statement, ast.For) or len(statement.body) != 1 or statement.orelse:
        return None
    walked, inner = ast.unparse(statement.iter), ast.unparse(statement.body[0])
    simple = walked.endswith(".parameters()") and isinstance(statement.target, ast.Name)
    if not simple or inner != f"{ast.unparse(statement.target)}.requires_grad = False":
        return None
    return f"{walked.removesuffix('.parameters()')}.requires_grad = False"


def _cut_loss(form: str) -> Callable[[ast.stmt], str | None]:
    def change(statement: ast.stmt) -> str | None:
        call = statement.value if isinstance(statement, ast.Expr) else None
        if _called(statement) != "backward" or not isinstance(call, ast.Call) or call.args or call.keywords:
            return None
        name = _owner(statement)
        return f"{form.format(name)}.backward()" if name.isidentifier() else None

    return change


def _inside(change: Callable[[ast.expr], ast.expr | None]) -> Callable[[ast.stmt], str | None]:
    """Write the first expression of a statement that can be written in another way."""

    def changed(statement: ast.stmt) -> str | None:
        if not isinstance(statement, ast.Assign | ast.Expr | ast.Return):
            return None
        first = _First(change)
        text = ast.unparse(first.visit(copy.deepcopy(statement)))
        return text if first.done else None

    return changed


class _First(ast.NodeTransformer):
    """Changes one expression, the first that can be."""

    def __init__(self, change: Callable[[ast.expr], ast.expr | None]) -> None:
        self.change = change
        self.done = False

    def visit(self, node: ast.AST) -> ast.AST:
        new = self.change(node) if isinstance(node, ast.expr) and not self.done else None
        self.done = self.done or new is not None
        return new or self.generic_visit(node)


def _named(node: ast.expr) -> str:
    """The last name of what is called: `Adam` of `torch.optim.Adam(...)`."""
    call = node.func if isinstance(node, ast.Call) else None
    return call.attr if isinstance(call, ast.Attribute) else call.id if isinstance(call, ast.Name) else ""


def _gives_parameters(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and _named(node) == "parameters" and not node.args and not node.keywords


def _listed(node: ast.expr | None) -> ast.expr | None:
    """`model.parameters()` of `list(model.parameters())`."""
    is_list = isinstance(node, ast.Call) and _named(node) == "list" and len(node.args) == 1
    inner = node.args[0] if is_list else None  # type: ignore[union-attr]
    return inner if inner is not None and _gives_parameters(inner) else None


def _given(form: str) -> Callable[[ast.expr], ast.expr | None]:
    """Give an optimizer something else than `model.parameters()`, the `{}` of the form being `model`."""

    def change(node: ast.expr) -> ast.expr | None:
        if _named(node) not in OPTIMIZERS or not node.args or not _gives_parameters(node.args[0]):  # type: ignore[attr-defined]
            return None
        owner = ast.unparse(node.args[0].func.value)  # type: ignore[attr-defined]
        node.args[0] = ast.parse(form.format(owner), mode="eval").body  # type: ignore[attr-defined]
        return node

    return change


def _left_of_sum(repeat: bool) -> Callable[[ast.expr], ast.expr | None]:
    """`list(a.parameters())`, once or twice, for `list(a.parameters()) + list(b.parameters())`."""

    def change(node: ast.expr) -> ast.expr | None:
        if not isinstance(node, ast.BinOp) or not _listed(node.left) or not _listed(node.right):
            return None
        return ast.BinOp(node.left, ast.Add(), node.left) if repeat else node.left

    return change


def _misspelt_key(node: ast.expr) -> ast.expr | None:
    """`{"params": ..., "learning_rate": ...}` for `{"params": ..., "lr": ...}`."""
    keys = {one.value: one for one in node.keys if isinstance(one, ast.Constant)} if isinstance(node, ast.Dict) else {}
    if not {"params", "lr"} <= keys.keys():
        return None
    keys["lr"].value = "learning_rate"
    return node


def _scaled_parameter(node: ast.expr) -> ast.expr | None:
    """`nn.Parameter(...) * 0.1` for `nn.Parameter(...)`."""
    return ast.BinOp(node, ast.Mult(), ast.Constant(0.1)) if _named(node) == "Parameter" else None


def _no_closure(node: ast.expr) -> ast.expr | None:
    if _named(node) != "step" or [ast.unparse(one) for one in node.args] != ["closure"]:  # type: ignore[attr-defined]
        return None
    return ast.Call(node.func, [], [])  # type: ignore[attr-defined]


def _no_list(lines: list[str], place: Place) -> tuple[Edit, ...]:
    """`params = model.parameters()` for `params = list(model.parameters())`, where it is used more than once."""
    statement, block, index = place
    iterator = _listed(statement.value) if isinstance(statement, ast.Assign) else None
    if not isinstance(statement, ast.Assign) or iterator is None or not _alone(lines, statement):
        return ()
    name = ast.unparse(statement.targets[0])
    if sum(_uses(one, name) for one in block[index + 1 :]) < 2:
        return ()
    text = f"{_indent(lines, statement)}{name} = {ast.unparse(iterator)}"
    return (Edit(statement.lineno, statement.end_lineno or 0, (text,)),)


def _uses(statement: ast.stmt, name: str) -> int:
    return sum(isinstance(one, ast.Name | ast.Attribute) and ast.unparse(one) == name for one in ast.walk(statement))


def _rate_of_optimizer(statement: ast.stmt) -> str | None:
    """`optimizer.lr = rate` for a loop that sets it on each group."""
    if not isinstance(statement, ast.For) or len(statement.body) != 1 or statement.orelse:
        return None
    walked, inner = ast.unparse(statement.iter), statement.body[0]
    group = f"{ast.unparse(statement.target)}['lr']"
    fits = isinstance(inner, ast.Assign) and ast.unparse(inner.targets[0]) == group
    if not fits or not walked.endswith(".param_groups") or group in ast.unparse(inner.value):  # type: ignore[attr-defined]
        return None
    return f"{walked.removesuffix('.param_groups')}.lr = {ast.unparse(inner.value)}"  # type: ignore[attr-defined]


def _is_new_layer(statement: ast.stmt) -> bool:
    """`model.fc = nn.Linear(...)`, but not in a class."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    is_layer = isinstance(target, ast.Attribute) and _named(statement.value) in ("Linear", "Sequential", "Conv2d")  # type: ignore[attr-defined]
    return is_layer and not ast.unparse(target).startswith("self.")  # type: ignore[arg-type]


def _is_optimizer(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and _named(statement.value) in OPTIMIZERS


def _is_schedule(statement: ast.stmt) -> bool:
    return _called(statement) == "step" and "sched" in _owner(statement).lower()


def _into_loop(lines: list[str], place: Place) -> tuple[Edit, ...]:
    """Build the optimizer anew for each batch of the loop behind."""
    statement, block, index = place
    loop = next((one for one in block[index + 1 :] if isinstance(one, ast.For)), None)
    while loop and not any(_called(one) == "backward" for one in loop.body):
        loop = next((one for one in loop.body if isinstance(one, ast.For)), None)
    if not loop or not _is_optimizer(statement) or not _alone(lines, statement) or not _alone(lines, loop.body[0]):
        return ()
    new = f"{_indent(lines, loop.body[0])}{ast.unparse(statement)}"
    row = loop.body[0].lineno
    return Edit(statement.lineno, statement.end_lineno or 0, ()), Edit(row, row - 1, (new,))


WAYS: dict[tuple[str, str], Callable[[list[str], Place], tuple[Edit, ...]]] = {
    ("OPT501", "zero_grad dropped"): _drops(lambda one: _called(one) == "zero_grad"),
    ("OPT502", "zero_grad moved before step"): _moves(lambda one: _called(one) == "zero_grad", _is_step, behind=False),
    ("OPT503", "clip moved behind step"): _moves(_is_clip, _is_step, behind=True),
    ("OPT504", "unscale_ dropped"): _drops(lambda one: _called(one) == "unscale_"),
    ("OPT506", "step not called"): _rewrites(_uncalled("step")),
    ("OPT506", "zero_grad not called"): _rewrites(_uncalled("zero_grad")),
    ("OPT506", "backward not called"): _rewrites(_uncalled("backward")),
    ("OPT506", "eval not called"): _rewrites(_uncalled("eval")),
    ("OPT507", "step dropped"): _drops(lambda one: _is_step(one) and "scaler" not in _owner(one)),
    ("OPT507", "scaler.update dropped"): _drops(lambda one: _called(one) == "update" and "scaler" in _owner(one)),
    ("OPT508", "loss made of its number"): _rewrites(_cut_loss("torch.tensor({}.item(), requires_grad=True)")),
    ("OPT508", "loss detached"): _rewrites(_cut_loss("{}.detach().requires_grad_()")),
    ("OPT401", "list for ModuleList"): _rewrites(_plain_list),
    ("OPT402", "tensor for Parameter"): _rewrites(_plain_tensor),
    ("OPT403", "requires_grad misspelt"): _rewrites(_spelt("requires_grad", "require_grad")),
    ("OPT404", "requires_grad of the module"): _rewrites(_whole_module),
    ("OPT101 OPT103", "list() left out"): _no_list,
    ("OPT104", "parameters not called"): _rewrites(_inside(_given("{}.parameters"))),
    ("OPT201", "data for parameters"): _rewrites(_inside(_given("[p.data for p in {}.parameters()]"))),
    ("OPT304", "set of parameters"): _rewrites(_inside(_given("set({}.parameters())"))),
    ("OPT205 OPT202", "Parameter scaled"): _rewrites(_inside(_scaled_parameter)),
    ("OPT301", "group key misspelt"): _rewrites(_inside(_misspelt_key)),
    ("OPT302", "one part twice"): _rewrites(_inside(_left_of_sum(repeat=True))),
    ("OPT405", "one part left out"): _rewrites(_inside(_left_of_sum(repeat=False))),
    ("OPT406", "layer put in after the optimizer"): _moves(_is_new_layer, _is_optimizer, behind=True),
    ("OPT504", "clip moved before unscale_"): _moves(lambda one: _called(one) == "unscale_", _is_clip, behind=True),
    ("OPT505", "closure left out"): _rewrites(_inside(_no_closure)),
    ("OPT509", "optimizer built in the loop"): _into_loop,
    ("OPT601", "rate set on the optimizer"): _rewrites(_rate_of_optimizer),
    ("OPT602", "schedule moved before the step"): _moves(_is_step, _is_schedule, behind=True),
}
