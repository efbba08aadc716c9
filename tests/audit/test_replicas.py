"""How copies are told apart, and what is said of reports of several ranks; one process is enough for that."""

from __future__ import annotations

import pytest
import torch

from optlint.auditing.memory.summaries import AuditFacts, GroupSummary, OptimizerSummary, ParameterSummary
from optlint.auditing.processes.differences import merged_with_differences
from optlint.auditing.processes.merge import merged
from optlint.auditing.ranks.channel import SLOTS, Channel, Check
from optlint.auditing.ranks.comparison import Copies
from optlint.auditing.ranks.fingerprints import can_be_compared, fingerprints
from optlint.auditing.ranks.messages import Header, body_from, body_of, digest_of, header_from
from optlint.auditing.reports.summary import summary
from optlint.diagnostic import Diagnostic, Severity, Span
from tests.audit.releases import since

PLACE = Span("train.py", 3, 1, 3, 9)
DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


class Ranks:
    """What some ranks say of one parameter, and what the first makes of it."""

    def __init__(self, count=2, every=1, dtype=torch.float32):
        self.every = every
        self.store = {}
        copies = Copies(("weight",), (str(dtype).removeprefix("torch."),))
        self.channels = [Channel("x", tuple(range(count)), rank, every, copies) for rank in range(count)]

    def say(self, rank, step, tensor, backwards=0, **settings):
        body = body_of(fingerprints([tensor]))
        header = Header(step, digest_of(body), backwards or step, ({"lr": 0.1, **settings},))
        channel = self.channels[rank]
        self.store[channel.key(rank, step)] = header.to_bytes(), body
        channel.note(Check(channel, header, body))

    def difference(self):
        first = self.channels[0]
        for rank, step in first.missing():
            if first.key(rank, step) in self.store:
                first.heard(rank, step, header_from(self.store[first.key(rank, step)][0]))
        found = first.compare(lambda rank, step: self.store[first.key(rank, step)][1])
        return found[0] if found else None


@since("2.3")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (4, 5), (2, 3, 5, 5)])
def test_one_changed_bit_is_seen(dtype, shape):
    tensor = torch.ones(shape, dtype=dtype)
    other = tensor.clone()
    assert fingerprints([tensor]) == fingerprints([other])
    flat = other.view(-1)
    flat[-1] = torch.nextafter(flat[-1], torch.tensor(2.0, dtype=dtype))
    assert fingerprints([tensor]).bits != fingerprints([other]).bits


def test_the_layout_of_a_copy_does_not_matter():
    tensor = torch.randn(2, 3, 4, 4)
    other = tensor.to(memory_format=torch.channels_last)
    assert fingerprints([tensor]) == fingerprints([other])
    part = torch.randn(9)[1:]
    assert fingerprints([part]) == fingerprints([part.clone()])


def test_fingerprints_survive_the_way():
    found = fingerprints([torch.randn(5), torch.tensor(float("nan")), torch.randn(3, 3)])
    again = body_from(body_of(found), 3)
    assert again.bits == found.bits
    assert again.norms[0] == pytest.approx(found.norms[0])
    assert len(again.elements_of(2)) == len(found.elements_of(0)) == 4


def test_what_is_no_whole_tensor_is_not_compared():
    assert can_be_compared(torch.ones(2))
    for other in (torch.ones(2, dtype=torch.long), torch.empty(0), torch.ones(2, device="meta")):
        assert not can_be_compared(other)
    assert not can_be_compared(torch.ones(2, 2).to_sparse())
    assert not can_be_compared("text")


def test_the_first_step_and_the_odd_rank_are_named():
    ranks = Ranks(3)
    for step in (1, 2):
        for rank in (0, 1, 2):
            ranks.say(rank, step, torch.full((4,), 1.0 + (step == 2 and rank == 0)))
    found = ranks.difference()
    assert (found.step, found.rank, found.reference, found.names) == (2, 0, 1, ("weight",))
    assert found.values == (1.0, 2.0)
    assert ranks.channels[0].equal_until == 1
    ranks.say(0, 3, torch.zeros(4))
    assert ranks.difference() is None  # said once


def test_rounding_is_no_difference_until_it_grows():
    ranks = Ranks()
    for step, factor in ((1, 1.0), (2, 1 + 2**-23), (3, 1 + 2**-23), (4, 1.01)):
        ranks.say(0, step, torch.ones(4))
        ranks.say(1, step, torch.ones(4) * factor)
        found = ranks.difference()
        assert (found is None) is (step < 4)
    assert found.step == 2


def test_a_rank_that_is_late_is_waited_for_and_one_that_left_is_not():
    ranks = Ranks()
    ranks.say(0, 1, torch.ones(4))
    assert ranks.difference() is None
    assert ranks.channels[0].waits
    ranks.say(1, 1, torch.zeros(4))
    assert ranks.difference().step == 1
    alone = Ranks()
    for step in range(1, 3 * SLOTS):
        alone.say(0, step, torch.ones(4))
        assert alone.difference() is None
    assert len(alone.channels[0].missing()) == SLOTS
    alone.channels[0].close()
    assert alone.difference() is None
    assert not alone.channels[0].waits


def test_a_slot_that_was_used_again_is_not_mistaken():
    ranks = Ranks()
    ranks.say(1, 1, torch.zeros(4))
    ranks.say(0, 1 + SLOTS, torch.ones(4))
    assert ranks.difference() is None  # still of an earlier step
    ranks.say(1, 1 + 2 * SLOTS, torch.zeros(4))
    assert ranks.difference() is None  # by now of a later one
    assert not ranks.channels[0].waits


@pytest.mark.parametrize(("there", "differs"), [(0.1, False), (0.1 + 1e-12, False), (0.2, True), (None, True)])
def test_a_hyperparameter_is_compared(there, differs):
    ranks = Ranks()
    ranks.say(0, 1, torch.ones(4))
    ranks.say(1, 1, torch.ones(4), lr=there)
    found = ranks.difference()
    assert (found is not None) is differs
    if found:
        assert (found.setting.key, found.setting.here, found.setting.there) == ("lr", 0.1, there)


def facts(rank, steps=5, lr=0.1, name="weight", found=()):
    parameter = ParameterSummary(name, (2,), "float32", 2, True, True)
    optimizer = OptimizerSummary("SGD", PLACE, steps, (GroupSummary(0, lr, {}, (parameter,)),))
    told = tuple(one._replace(rank=rank, ranks=(rank,)) for one in found)
    return AuditFacts("2", told, (optimizer,), ranks=(rank,))


def said(message, severity=Severity.ERROR):
    return Diagnostic("OPT201", "tensor-without-grad", message, severity, PLACE, parameters=("a",))


def test_what_all_ranks_say_is_said_once():
    whole = merged([facts(rank, found=[said(f"after {5 + rank} steps")]) for rank in range(3)])
    assert [(one.message, one.ranks) for one in whole.diagnostics] == [("after 5 steps", (0, 1, 2))]
    assert "(on 3 of 3 ranks)" in summary(whole)


def test_what_one_rank_says_names_it():
    whole = merged([facts(0), facts(1, found=[said("x"), said("y")]), facts(2, found=[said("x")])])
    assert [(one.message, one.ranks) for one in whole.diagnostics] == [("x", (1, 2)), ("y", (1,))]
    assert "(on 2 of 3 ranks: 1, 2)" in summary(whole)
    assert "(on" not in summary(facts(0, found=[said("x")]))


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"steps": 7}, "steps of the SGD optimizer differ between ranks: 5 on rank 0; 7 on rank 1"),
        ({"lr": 0.2}, "the rate of group 0 of the SGD optimizer differs between ranks: 0.1 on rank 0; 0.2 on rank 1"),
        ({}, None),
        ({"steps": 7, "name": "other"}, None),
    ],
)
def test_reports_that_differ_are_told_as_info(other, words):
    whole = merged_with_differences([facts(0), facts(1, **other)])
    found = [(one.code, one.severity, one.message) for one in whole.diagnostics]
    assert found == ([("OPT804", Severity.INFO, words)] if words else [])
    again = merged_with_differences([facts(0)._replace(diagnostics=whole.diagnostics), facts(1, **other)])
    assert len(again.diagnostics) == len(found)
    assert merged_with_differences([facts(0), facts(1, **other)], ignore=("OPT804",)).diagnostics == ()


def test_parameters_of_several_types_are_compared_together():
    tensors = [torch.randn(3, dtype=dtype) for dtype in DTYPES]
    found = fingerprints(tensors)
    alone = [fingerprints([tensor]) for tensor in tensors]
    assert found.bits == [one.bits[0] for one in alone]
    assert found.norms == pytest.approx([one.norms[0] for one in alone])
    assert [found.elements_of(at) for at in range(4)] == [one.elements for one in alone]
