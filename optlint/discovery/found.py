"""What is asked for, and what is found."""

from __future__ import annotations

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.settings.config import Config


class SourceFile(NamedTuple):
    """A file to check, with the configuration that holds for it; `trouble` says why it cannot be read."""

    path: str
    config: Config
    named: bool = False  # by the user, rather than found in a folder
    trouble: str | None = None
    data: bytes | str | None = None  # where the source is in no file


class Missing(NamedTuple):
    """A path that the user named and that does not exist."""

    path: str


class Excluding(NamedTuple):
    """The command line's word on what to leave out; `force` holds for named files too."""

    patterns: tuple[str, ...] = ()
    force: bool = False
