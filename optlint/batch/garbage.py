"""Python's collector of cyclic garbage, between files only.

A syntax tree is a million objects that live until its file is done, and the collector would walk through them again
and again while they grow: half of all time. What is left over of a file is collected when it has become much.
"""

from __future__ import annotations

import gc

MUCH = 1_000_000  # objects that came since the last time and are still there
YOUNG_ONLY = 50  # times that older objects are left alone


def put_off() -> None:
    """Leave collecting to `collect`; what is there by now is not looked at."""
    gc.disable()
    gc.freeze()


def resume() -> None:
    """Collect as usual."""
    gc.unfreeze()
    gc.enable()


def collect() -> None:
    """Collect if there is much, while nothing is being analysed."""
    new, times, _ = gc.get_count()
    if not gc.isenabled() and new > MUCH:
        gc.collect(0 if times < YOUNG_ONLY else 2)
