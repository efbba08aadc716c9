"""Where an iterator is used: in the running function, and where those that called it handed the iterator over."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optlint.flow.core.machine import Frame, Machine
    from optlint.flow.core.values import Ref, Trail
    from optlint.flow.events import Site


def of(machine: Machine, ref: Ref, site: Site) -> Trail:
    """Where the running function uses an iterator, and where its callers handed it over."""
    return led_on(machine, ((machine.frame.scopes[0], site),), ref)


def led_on(machine: Machine, trail: Trail, ref: Ref) -> Trail:
    """The trail, and where those that called the last function of it handed over this iterator."""
    frame: Frame | None = machine.frame
    while frame is not None and frame.scopes[0] != trail[-1][0]:
        frame = frame.caller
    while frame is not None and ref in frame.given and frame.caller is not None:
        site, frame = frame.given[ref], frame.caller
        trail = (*trail, (frame.scopes[0], site))
    return trail


def meeting(earlier: Trail, later: Trail) -> tuple[Site, Site]:
    """Two uses as seen by the innermost function that knows of both, or else by the outermost ones."""
    theirs = dict(earlier)
    for scope, site in later:
        if scope in theirs:
            return theirs[scope], site
    return earlier[-1][1], later[-1][1]


def passed_from(machine: Machine, ref: Ref, site: Site) -> Site:
    """Where the outermost caller handed over what is used at `site`."""
    return of(machine, ref, site)[-1][1]
