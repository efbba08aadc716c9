"""What a rank says of one check, as bytes in a store: a small header for each check, the fingerprints apart from it."""

from __future__ import annotations

import json
from array import array
from hashlib import blake2b
from typing import NamedTuple

from optlint.auditing.ranks.fingerprints import Fingerprints


class Header(NamedTuple):
    """One check of one rank: after which step, how many backward passes it had run, and its hyperparameters.

    `digest` stands for all fingerprints. `groups` holds the hyperparameters of each param group that JSON can hold.
    """

    step: int
    digest: str
    backwards: int
    groups: tuple[dict[str, object], ...]

    def to_bytes(self) -> bytes:
        """As it is kept in a store."""
        return json.dumps(self).encode()


def header_from(data: bytes) -> Header:
    """The header that these bytes were made of."""
    step, digest, backwards, groups = json.loads(data)
    return Header(step, digest, backwards, tuple(groups))


def body_of(found: Fingerprints) -> bytes:
    """Fingerprints as they are kept in a store; all ranks run on machines of one byte order."""
    return array("q", found.bits).tobytes() + array("f", found.norms).tobytes() + array("f", found.elements).tobytes()


def body_from(data: bytes, count: int) -> Fingerprints:
    """The fingerprints of `count` parameters that these bytes were made of."""
    bits, norms, elements = array("q"), array("f"), array("f")
    middle, rest = 8 * count, 12 * count
    bits.frombytes(data[:middle])
    norms.frombytes(data[middle:rest])
    elements.frombytes(data[rest:])
    return Fingerprints(bits.tolist(), norms.tolist(), elements.tolist())


def digest_of(body: bytes) -> str:
    """A short stand-in for the fingerprints."""
    return blake2b(body, digest_size=16).hexdigest()
