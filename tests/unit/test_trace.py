"""The graph of acts: what comes before and after what, in loops and where paths meet."""

from __future__ import annotations

import pytest

from optlint.flow.core import acts
from optlint.flow.core.acts import Act
from optlint.flow.order import trace


def after(*earlier, kind="step", loops=()):
    act = Act(kind, loops=loops)
    for one in earlier:
        act.follow(one)
    return act


@pytest.fixture
def loop():
    """clear, then a loop of backward and step."""
    begin = acts.start()
    clear = after(begin, kind="clear")
    head = after(clear, kind=acts.LOOP)
    backward = after(head, kind="backward", loops=(head,))
    step = after(backward, loops=(head,))
    head.follow(step)
    return begin, clear, head, backward, step


def of(*kinds):
    return lambda act: act.kind in kinds


def test_the_round_before_comes_before_what_was_before_the_loop(loop):
    *_, backward, step = loop
    assert trace.last_before(backward, of("clear", "step")) == ((step,), False)


def test_what_was_before_the_loop_counts_if_no_round_has_it(loop):
    _, clear, _, backward, _ = loop
    assert trace.last_before(backward, of("clear")) == ((clear,), False)


def test_a_loop_runs_at_least_once(loop):
    *_, head, _, step = loop
    later = after(head)
    assert trace.last_before(later, of("clear", "step")) == ((step,), False)


def test_a_way_to_the_beginning_is_open(loop):
    *_, backward, _ = loop
    assert trace.last_before(backward, of("clip")) == ((), True)


def test_a_path_on_which_nothing_happens_is_open():
    begin = acts.start()
    clear = after(begin, kind="clear")
    both = acts.met(begin, clear)
    assert trace.last_before(after(both), of("clear")) == ((clear,), True)


def test_paths_that_do_not_part_do_not_meet():
    begin = acts.start()
    assert acts.met(begin, begin) is begin


def test_what_comes_next_may_be_in_the_next_round_or_behind_the_loop(loop):
    *_, head, backward, step = loop
    behind = after(head, kind="clear")
    found = trace.first_after(step, of("clear", "backward"))
    assert set(found.acts) == {behind, backward}
    assert not found.open


def test_a_loop_leads_from_each_act_to_itself(loop):
    *_, backward, step = loop
    assert {backward, step} <= trace.reached_from(backward)
    assert backward not in trace.reached_from(backward, of("step"))
