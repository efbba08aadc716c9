"""Strict iterators: a second plain loop is seen, and everything else stays as it is."""

from __future__ import annotations

from torch import nn, optim

import optlint
from tests.audit.small import mlp, train


def codes(report):
    return [(one.code, one.severity.value) for one in report.diagnostics]


def test_a_second_loop_is_seen():
    model = mlp()
    with optlint.audit(strict_iterators=True) as report:
        params = model.parameters()
        first = [p.shape for p in params]
        second = [p.shape for p in params]
    assert (len(first), len(second)) == (4, 0)
    assert codes(report) == [("OPT101", "warning")]
    assert [note.span.row for note in report.diagnostics[0].notes] == [
        report.diagnostics[0].span.row - 2,
        report.diagnostics[0].span.row - 1,
    ]


def test_without_being_asked_for_it_is_not():
    model = mlp()
    with optlint.audit() as report:
        params = model.parameters()
        assert [*params]
        assert not [*params]
    assert codes(report) == []


def test_a_group_from_a_used_iterator_is_one_error():
    model = mlp()
    with optlint.audit(strict_iterators=True) as report:
        params = model[0].parameters()
        assert len([*params]) == 2
        optimizer = optim.SGD([{"params": params}, {"params": model[2].parameters()}], lr=0.1)
    assert codes(report) == [("OPT101", "error")]
    assert [len(group["params"]) for group in optimizer.param_groups] == [0, 2]


def test_a_loop_that_was_left_may_go_on():
    model = mlp()
    with optlint.audit(strict_iterators=True) as report:
        params = model.named_parameters()
        for _, parameter in params:
            assert parameter.requires_grad
            break
        rest = dict(params)
    assert len(rest) == 3
    assert codes(report) == []


def test_training_is_silent_and_names_are_known():
    with optlint.audit(strict_iterators=True) as report:
        model = mlp()
        optimizer = optim.SGD(model.parameters(), lr=0.1)
        train(model, optimizer, 5)
        assert len(list(model.children())) == 3
        assert len(list(model.modules())) == 4
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    assert codes(report) == []
    assert [p.name for p in report.optimizers[0].parameters] == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert "WatchedIterator" not in repr(model.parameters())
