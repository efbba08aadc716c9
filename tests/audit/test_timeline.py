"""The samples of rates, gradients and updates that a report shows."""

from __future__ import annotations

import pytest
import torch
from torch import nn, optim

import optlint
from tests.audit.small import loss_of, mlp

READ = (10, 100, 1100)  # the steps whose updates are measured


def test_updates_are_measured_where_values_are_read():
    model = nn.Linear(4, 2, bias=False)  # eight elements: the samples are all of it
    measured = {}
    with optlint.audit() as report:
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        for step in range(1, READ[-1] + 1):
            optimizer.zero_grad()
            loss_of(model).backward()
            before = model.weight.detach().clone()
            optimizer.step()
            if step in READ:
                measured[step] = float((model.weight.detach() - before).norm() / before.norm())
    told = {point.step: point.update_ratio for point in report.timeline if point.update_ratio is not None}
    assert told.keys() == measured.keys()
    for step, ratio in measured.items():
        assert told[step] == pytest.approx(ratio, rel=1e-4)


def test_a_parameter_of_zeros_has_no_ratio():
    weight = nn.Parameter(torch.zeros(4))
    with optlint.audit() as report:
        optimizer = optim.SGD([weight], lr=0.0)
        for _ in range(12):
            optimizer.zero_grad()
            weight.sum().backward()
            optimizer.step()
    assert [point.update_ratio for point in report.timeline] == [None] * len(report.timeline)


def test_norms_and_rates_stand_beside():
    model = mlp()
    with optlint.audit() as report:
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for _ in range(10):
            optimizer.zero_grad()
            loss_of(model).backward()
            optimizer.step()
            schedule.step()
    first, last = report.timeline
    assert (first.step, first.lr, last.step) == (1, (0.1,), 10)
    assert last.lr == pytest.approx((0.1 * 0.5**9,))
    norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
    assert last.grad_norm == pytest.approx(float(norm), rel=1e-4)
