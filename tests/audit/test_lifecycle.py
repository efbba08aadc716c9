"""The audit leaves no trace: same state with and without, everything removed, nothing kept alive, faults contained."""

from __future__ import annotations

import gc
import hashlib
import inspect
import pickle
import random
import weakref
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn, optim
from torch.nn.modules import module as torch_module
from torch.nn.utils import clip_grad
from torch.optim import lr_scheduler
from torch.optim import optimizer as torch_optimizer

import optlint
from optlint.auditing.options import Options
from optlint.auditing.session import Session
from tests.audit import broken_groups, healthy_averages, healthy_schedules, healthy_tricks
from tests.audit.releases import since
from tests.audit.small import X, Y, loss_of, mlp, train

if TYPE_CHECKING:
    from collections.abc import Callable

# Where the methods of all scalers are: `torch.amp.GradScaler` since torch 2.3.
SCALER = next(kind for kind in torch.cuda.amp.GradScaler.__mro__ if "unscale_" in vars(kind))


def digest(*things: object) -> str:
    """All that a program could see of its tensors: values, gradients, versions, and the random numbers to come."""
    state = hashlib.sha256()
    for thing in things:
        tensors = thing.parameters() if isinstance(thing, nn.Module) else ()
        for tensor in tensors:
            gradient = b"none" if tensor.grad is None else tensor.grad.numpy().tobytes()
            state.update(tensor.detach().numpy().tobytes() + gradient)
            state.update(str((tensor._version, tensor.requires_grad, tensor.is_leaf)).encode())
        if isinstance(thing, optim.Optimizer):
            state.update(str((thing.state_dict(), sorted(map(str, thing.__dict__)))).encode())
    state.update(torch.get_rng_state().numpy().tobytes() + str(random.getstate()).encode())
    return state.hexdigest()


def training(kind: Callable[..., optim.Optimizer], **options: object) -> str:
    torch.manual_seed(0)
    random.seed(0)
    model = nn.Sequential(mlp(), nn.Dropout(0.2))
    optimizer = kind(model.parameters(), **options)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, 40)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**8)
    for _ in range(70):
        optimizer.zero_grad()
        scaler.scale(loss_of(model)).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        schedule.step()
    return digest(model, optimizer)


@since("2.4")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        (optim.AdamW, {"lr": 0.01, "foreach": True}),
        (optim.AdamW, {"lr": 0.01, "fused": True}),
        (optim.RMSprop, {"lr": 0.01, "foreach": False}),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_state_is_bit_identical(kind, options):
    without = training(kind, **options)
    with optlint.audit() as report:
        within = training(kind, **options)
    assert within == without
    assert report.ok
    assert report.optimizers[0].steps == 70


def test_a_difference_would_be_seen():
    model = mlp()
    before = digest(model)
    with torch.no_grad():
        model[0].weight.add_(0)
    assert digest(model) != before


def traces() -> list[object]:
    """Everything of torch that an audit replaces or adds to."""
    return [
        optim.Optimizer.__init__,
        optim.Optimizer.add_param_group,
        optim.Optimizer.zero_grad,
        optim.Optimizer.load_state_dict,
        nn.Module.__call__,
        *(vars(nn.Module)[name] for name in ("apply", "load_state_dict", "parameters", "state_dict", "zero_grad")),
        torch.Tensor.detach,
        torch.autograd.backward,
        *(vars(lr_scheduler.LRScheduler).get(name) for name in ("step", "_update_lr", "__init__")),
        *(vars(SCALER)[name] for name in ("scale", "unscale_", "step", "update")),
        *(getattr(clip_grad, name, None) for name in ("clip_grad_norm_", "clip_grad_value_", "_clip_grads_with_norm_")),
        nn.utils.clip_grad_norm_,
        nn.utils.clip_grad_value_,
        list(torch_optimizer._global_optimizer_post_hooks),
        list(torch_optimizer._global_optimizer_pre_hooks),
        list(torch_module._global_parameter_registration_hooks),
        list(torch_module._global_module_registration_hooks),
        list(torch_module._global_forward_pre_hooks),
    ]


def test_what_is_replaced_takes_the_same_words():
    """Any argument can be given by its name, as to torch's own."""
    session = Session(Options())
    session.start()
    replaced = list(session._watch._patches._patches)
    session.stop()
    assert len(replaced) > 15
    for _, _, original, replacement in replaced:
        first, *others = inspect.signature(original).parameters.values()
        words = [one.name for one in others if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY)]
        owner, words = ([None], words) if first.name == "self" else ([], [first.name, *words])
        assert inspect.signature(replacement, follow_wrapped=False).bind(*owner, **dict.fromkeys(words))


def test_clipping_takes_its_bound_by_name():
    model = mlp()
    with optlint.audit() as report:
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for _ in range(5):
            optimizer.zero_grad()
            loss_of(model).backward()
            optimizer.step()
            nn.utils.clip_grad_value_(model.parameters(), clip_value=1e-4)
    assert model[0].weight.grad.abs().max() <= 1e-4
    assert [found.code for found in report.diagnostics] == ["OPT503"]


def test_everything_is_removed():
    before = traces()
    with optlint.audit():
        assert traces() != before
        healthy_schedules.plain_sgd()
        healthy_tricks.adversarial_training()
    assert traces() == before


def test_everything_is_removed_after_an_error():
    before = traces()
    with pytest.raises(ZeroDivisionError), optlint.audit():
        raise ZeroDivisionError
    assert traces() == before


def test_audits_can_be_nested():
    before = traces()
    with optlint.audit() as outer:
        healthy_schedules.plain_sgd()
        with optlint.audit() as inner:
            healthy_schedules.plain_sgd()
    assert traces() == before
    assert (len(outer.optimizers), len(inner.optimizers)) == (2, 1)


def test_nothing_is_kept_alive():
    with optlint.audit() as report:
        model = mlp()
        optimizer = optim.Adam(model.parameters())
        train(model, optimizer, 70)
        watched = [weakref.ref(thing) for thing in (model, optimizer, model[0].weight, model[0].weight.grad)]
        del model, optimizer
        gc.collect()
        assert [ref() for ref in watched] == [None] * 4
    assert report.optimizers[0].steps == 70


def test_the_report_keeps_nothing_alive():
    model = mlp()
    optimizer = optim.Adam(model.parameters())
    with optlint.audit(model, optimizer) as report:
        train(model, optimizer, 5)
    watched = [weakref.ref(thing) for thing in (model, optimizer, model[0].weight)]
    del model, optimizer
    gc.collect()
    assert [ref() for ref in watched] == [None] * 3
    assert [parameter.name for parameter in report.optimizers[0].parameters] == [
        "0.weight",
        "0.bias",
        "2.weight",
        "2.bias",
    ]


def test_nothing_of_ours_is_pickled():
    with optlint.audit():
        model = mlp()
        optimizer = optim.Adam(model.parameters())
        train(model, optimizer, 3)
        assert b"optlint" not in pickle.dumps((model, optimizer, optimizer.state_dict()))


@pytest.mark.parametrize(
    "part", ["book.enter", "order.backward_begins", "order.stepped", "inquest.judge", "leaves.walk"]
)
def test_a_fault_of_ours_stays_ours(part, capsys, monkeypatch):
    def training_state() -> str:
        torch.manual_seed(1)
        model = mlp()
        optimizer = optim.Adam(model.parameters())
        train(model, optimizer, 12)
        return digest(model)

    without = training_state()
    session = Session(Options())
    session.start()
    owner, name = part.split(".")
    monkeypatch.setattr(getattr(session._handlers, owner), name, lambda *_, **__: 1 / 0)
    before = traces()
    assert training_state() == without
    session.stop()
    assert session.fault == "ZeroDivisionError: division by zero"
    assert capsys.readouterr().err.count("the audit has stopped after a fault of its own") == 1
    assert traces() != before


def test_a_session_starts_once():
    session = Session(Options())
    with session:
        pass
    with pytest.raises(RuntimeError, match="once"):
        session.start()


def test_a_decorated_function_is_audited_each_time():
    found = []

    @optlint.audit(on_diagnostic=found.append)
    def program() -> None:
        broken_groups.used_up_in_a_group.function()

    program()
    program()
    assert [one.code for one in found] == ["OPT101", "OPT101"]


def test_diagnostics_come_as_they_appear():
    seen = []
    model = mlp()
    with optlint.audit(on_diagnostic=lambda one: seen.append(one.code)):
        optimizer = optim.SGD([{"params": model.parameters()}, {"params": torch.randn(3)}], lr=0.1)
        train(model, optimizer, 2)
        assert seen == []
        train(model, optimizer, 2)
        assert seen == ["OPT201"]


def test_model_and_optimizer_cannot_be_mixed_up():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for mixed_up in (lambda: optlint.explain(model, optimizer), lambda: optlint.audit(optimizer, model)):
        with pytest.raises(TypeError, match=r"`model` must be a torch\.nn\.Module, not SGD"):
            mixed_up()
    with pytest.raises(TypeError, match=r"`optimizer` must be a torch\.optim\.Optimizer, not list"):
        optlint.explain([optimizer], model)


def test_a_table_counts_in_words():
    text = str(optlint.explain(optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)))
    assert text.startswith("optimizer 0: SGD, 1 tensor with 1 element in 1 group, 0 steps")


def test_rules_can_be_chosen():
    with optlint.audit(ignore=["reused-parameter-iterator"]) as report:
        broken_groups.used_up_in_a_group.function()
    assert report.ok
    with optlint.audit(select=["OPT1"]) as report:
        broken_groups.used_up_in_a_group.function()
    assert not report.ok
    with pytest.raises(AssertionError, match="OPT101"):
        report.raise_for_errors()


@pytest.mark.parametrize("program", [healthy_averages.sharpness_aware, healthy_tricks.adversarial_training])
def test_random_numbers_come_as_they_would(program):
    results = []
    for context in (nullcontext(), optlint.audit()):
        torch.manual_seed(3)
        with context:
            program()
        results.append(torch.rand(3))
    assert torch.equal(*results)


def test_x_and_y_are_not_changed():
    assert X.grad is None
    assert Y.grad is None
