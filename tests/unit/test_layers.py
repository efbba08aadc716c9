"""A `Layers` is a dict, however it is copied; and it tells what differs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optlint.flow.core.layers import ENOUGH, Layers

KEYS = st.integers(0, 3 * ENOUGH)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), KEYS, st.integers()),
        st.tuples(st.just("discard"), KEYS, st.just(0)),
        st.tuples(st.just("setdefault"), KEYS, st.integers()),
        st.tuples(st.just("fill"), KEYS, st.integers()),
        st.tuples(st.just("copy"), KEYS, st.just(0)),
    ),
    max_size=30,
)


def both(steps):
    """The states that came about, as layers and as dicts; each copy goes on beside what it was copied from."""
    layers, plain = [Layers()], [{}]
    for number, (step, key, value) in enumerate(steps):
        one, other = layers[number % len(layers)], plain[number % len(plain)]
        if step == "set":
            one[key] = other[key] = value
        elif step == "setdefault":
            one.setdefault(key, value)
            other.setdefault(key, value)
        elif step == "fill":
            for more in range(ENOUGH):
                one[key + more] = other[key + more] = value
        elif step == "discard":
            one.discard(key)
            other.pop(key, None)
        else:
            layers.append(one.copy())
            plain.append(other.copy())
    return layers, plain


@given(STEPS)
def test_it_is_a_dict(steps):
    layers, plain = both(steps)
    for one, other in zip(layers, plain, strict=True):
        assert dict(one.items()) == other
        assert sorted(one) == sorted(other)
        assert sorted(one.values()) == sorted(other.values())
        assert [one.get(key, -1) for key in range(4 * ENOUGH)] == [other.get(key, -1) for key in range(4 * ENOUGH)]
        assert [key in one for key in range(4 * ENOUGH)] == [key in other for key in range(4 * ENOUGH)]


@given(STEPS)
def test_differences_are_all_told(steps):
    layers, plain = both(steps)
    for one, mine in zip(layers, plain, strict=True):
        for other, theirs in zip(layers, plain, strict=True):
            told = {key: (left, right) for key, left, right in one.differences(other)}
            for key in mine.keys() | theirs.keys():
                left, right = mine.get(key), theirs.get(key)
                assert key in told or left is right or left == right
                assert told.get(key, (left, right)) == (left, right)


@given(STEPS, st.integers(0, 3 * ENOUGH))
def test_keys_that_came_later_are_above_what_was_there(steps, more):
    for one in both(steps)[0]:
        before, ground = set(one), one.ground
        for key in range(more):
            one[-1 - key] = key
        later = one.copy()
        later[-1 - more] = 0
        later.discard(-1)
        assert set(later) - before <= set(later.keys_above(ground)) <= set(later)


def test_what_is_not_there_cannot_be_taken():
    with pytest.raises(KeyError):
        Layers()["missing"]
