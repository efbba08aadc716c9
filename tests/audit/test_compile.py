"""`torch.compile` sees as many graphs with the audit as without it."""

from __future__ import annotations

import pytest
import torch
from torch import nn, optim

import optlint
from tests.audit.releases import since
from tests.audit.small import X, loss_of, mlp


class Counter:
    """A backend that counts graphs and their nodes."""

    def __init__(self) -> None:
        self.graphs = self.nodes = 0

    def __call__(self, graph, inputs):
        self.graphs += 1
        self.nodes += len(graph.graph.nodes)
        return graph.forward


def whole_model(counter):
    model = mlp()
    compiled = torch.compile(model, backend=counter)
    optimizer = optim.Adam(model.parameters())

    def iteration():
        optimizer.zero_grad()
        loss_of(compiled).backward()
        optimizer.step()

    return iteration


def step_alone(counter):
    model = mlp()
    optimizer = optim.Adam(model.parameters())
    step = torch.compile(optimizer.step, backend=counter)

    def iteration():
        optimizer.zero_grad()
        loss_of(model).backward()
        step()

    return iteration


def whole_iteration(counter):
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def iteration():
        optimizer.zero_grad()
        loss_of(model).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return torch.compile(iteration, backend=counter)


def graphs(build, audited):
    torch._dynamo.reset()
    counter = Counter()
    with optlint.audit(ignore=() if audited else ("ALL",)) as report:
        iteration = build(counter)
        for _ in range(6):
            iteration()
    return counter.graphs, counter.nodes, report.diagnostics


def graphs_without(build):
    torch._dynamo.reset()
    counter = Counter()
    iteration = build(counter)
    for _ in range(6):
        iteration()
    return counter.graphs, counter.nodes, ()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    # Before torch 2.6 clipping is one function, and replacing that costs a graph.
    "build",
    [whole_model, step_alone, pytest.param(whole_iteration, marks=since("2.6"))],
)
def test_no_graph_is_broken(build):
    without = graphs_without(build)
    assert without[0] > 0
    assert graphs(build, audited=True) == without


@pytest.mark.filterwarnings("ignore")
def test_a_compiled_model_is_watched_and_named():
    with optlint.audit() as report:
        model = mlp()
        compiled = torch.compile(model, backend="eager")
        optimizer = optim.SGD(compiled.parameters(), lr=0.1)
        for _ in range(4):
            optimizer.zero_grad()
            compiled(X).sum().backward()
            optimizer.step()
    assert report.diagnostics == ()
    assert [p.name for p in report.optimizers[0].parameters] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert {p.moved for p in report.optimizers[0].parameters} == {"yes"}


def with_hand_made_gradients(model, optimizer):
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    for _ in range(3):
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        optimizer.step()
        schedule.step()


@pytest.fixture
def woken():
    """Dynamo has compiled something: in some older releases it has then unwrapped the steps of all optimizers."""
    optim.SGD(mlp().parameters(), lr=0.1)
    torch.compile(mlp(), backend="eager")(X)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("woken")
def test_steps_are_seen_where_no_backward_is_once_dynamo_is_awake():
    model = mlp()
    with optlint.audit() as report:
        with_hand_made_gradients(model, optim.SGD(model.parameters(), lr=0.1))
    assert report.optimizers[0].steps == 3


@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("woken")
def test_an_optimizer_from_before_the_audit_is_seen_too_once_dynamo_is_awake():
    model = mlp()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    with optlint.audit() as report:
        with_hand_made_gradients(model, optimizer)
    assert report.optimizers[0].steps == 3
