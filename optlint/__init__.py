"""optlint: does my optimizer really train the parameters I think it trains, at the rates I think I set?"""

from __future__ import annotations

from optlint.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from optlint.api import lint
    from optlint.auditing.api import audit, explain

__all__ = ["__version__", "audit", "explain", "lint"]


def __getattr__(name: str) -> Any:
    if name == "lint":
        from optlint.api import lint

        return lint
    if name in ("audit", "explain"):
        from optlint.auditing import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
