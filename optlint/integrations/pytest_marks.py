"""Which tests are to be audited; every pytest run loads this, so it imports next to nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest

MARK = "optlint"
FIXTURE = "optimizer_audit"
WARNINGS = "optlint_warnings"  # the attribute of a test report


def is_audited(item: pytest.Item) -> bool:
    """Whether the flag, the ini key, a mark or the fixture asks for an audit of this test."""
    wanted = item.config.getoption("optlint") or item.config.getini("optlint")
    return bool(wanted or item.get_closest_marker(MARK) or FIXTURE in getattr(item, "fixturenames", ()))
