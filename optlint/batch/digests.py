"""Short names for bytes."""

from __future__ import annotations


def digest(data: bytes) -> str:
    """A short name for these bytes that no others have."""
    try:
        from _blake2 import blake2b  # `hashlib` loads all of OpenSSL too
    except ImportError:
        from hashlib import blake2b
    return blake2b(data, digest_size=16).hexdigest()
