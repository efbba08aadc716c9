from __future__ import annotations

import pickle
import typing

from optlint.named_tuple import NamedTuple


class Light(NamedTuple):
    """A value."""

    name: str
    rows: tuple[int, ...] = ()

    @property
    def loud(self) -> str:
        return self.name.upper()

    def __str__(self) -> str:
        return f"<{super().__repr__()}>"


class Heavy(typing.NamedTuple):
    name: str
    rows: tuple[int, ...] = ()


def test_it_makes_what_typing_makes() -> None:
    light, heavy = Light("a", rows=(1,)), Heavy("a", rows=(1,))
    assert light == heavy
    assert repr(light) == repr(heavy).replace("Heavy", "Light")
    assert light._replace(name="b") == ("b", (1,))
    assert (Light._fields, Light._field_defaults) == (Heavy._fields, Heavy._field_defaults)
    assert Light.__doc__ == "A value."


def test_methods_and_properties_work() -> None:
    assert Light("a").loud == "A"
    assert str(Light("a")) == "<Light(name='a', rows=())>"
    assert not hasattr(Light("a"), "__dict__")


def test_it_can_be_sent_to_another_process() -> None:
    copy = pickle.loads(pickle.dumps(Light("a", (2,))))
    assert type(copy) is Light
    assert copy == Light("a", (2,))
