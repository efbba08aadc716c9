"""How a broken program says what must be found in it."""

from __future__ import annotations

import inspect
import linecache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Expected(NamedTuple):
    """What the audit must say, once; the line is that of the program which ends in `# here`."""

    code: str
    names: tuple[str, ...] = ()
    by_step: int | None = None
    raises: type[Exception] | None = None
    severity: str = "error"


class Broken(NamedTuple):
    """A broken program."""

    function: Callable[[], None]
    expected: Expected

    @property
    def row(self) -> int:
        """The line that the diagnostic must start on."""
        lines, first = inspect.getsourcelines(self.function)
        (row,) = (first + offset for offset, line in enumerate(lines) if line.rstrip().endswith("# here"))
        return row


def broken(code: str, *names: str, **more: object) -> Callable[[Callable[[], None]], Broken]:
    """Make a program a test: `code` must be found, with these parameter names, on the line marked `# here`."""

    def wrap(function: Callable[[], None]) -> Broken:
        linecache.checkcache()
        return Broken(function, Expected(code, names, **more))  # type: ignore[arg-type]

    return wrap
