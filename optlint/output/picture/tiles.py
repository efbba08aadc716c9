"""What became of each parameter, read from a JSON report: one tile a parameter, one swatch a param group."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

TRAINED, WOULD_TRAIN, UNKNOWN, NEVER, FROZEN = "trained", "would train", "not known", "never trained", "frozen"
TRAINING = (TRAINED, WOULD_TRAIN)
UNOWNED = -1  # the index of the swatch of what is in no optimizer


class Swatch(NamedTuple):
    """One param group of one optimizer; `lr` is the last rate, `highest` and `lowest` are what was seen."""

    optimizer: int
    group: int
    lr: float | str | None
    highest: float | str | None
    lowest: float | str | None
    decay: object
    name: str | None  # of a group that has one


class Tile(NamedTuple):
    """One parameter; `swatch` is the index of its group in `Picture.swatches`, `place` the line that is to blame.

    `told` is the index of the diagnostic that tells why it is never trained, if one does.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    numel: int
    swatch: int
    state: str
    grad: str
    moved: str
    reason: str | None
    place: Mapping[str, Any] | None
    told: int | None = None


class Picture(NamedTuple):
    """What there is to draw; `numbers` are the indices of its optimizers in the report.

    `alike` tells of each optimizer how many, itself among them, looked the same; only one of them is drawn.
    """

    optimizers: tuple[Mapping[str, Any], ...]
    numbers: tuple[int, ...]
    alike: tuple[int, ...]
    swatches: tuple[Swatch, ...]
    tiles: tuple[Tile, ...]
    ran: bool  # False: nothing has stepped, as in `optlint explain`

    def of(self, *states: str) -> list[Tile]:
        """The tiles in one of these states."""
        return [tile for tile in self.tiles if tile.state in states]


def picture_of(report: Mapping[str, Any]) -> Picture:
    """The picture of a report."""
    ran = any(optimizer["steps"] for optimizer in report["optimizers"])
    alike = _alike(report["optimizers"])
    numbers = tuple(alike)
    chosen = tuple(report["optimizers"][number] for number in numbers)
    swatches = tuple(_swatch(report, at, group) for at in numbers for group in report["optimizers"][at]["groups"])
    owned = _without_repeats(chosen, list(_owned(chosen, ran)))
    distinct = {(one["name"], *one["shape"]): one for one in report["unowned"]}  # each rank tells of its own copy
    unowned = [_tile(one, UNOWNED, _state(one, 0, ran=ran, owned=False)) for one in distinct.values()]
    telling = _telling(report["diagnostics"])
    told = tuple(_told(tile, telling, swatches) for tile in (*owned, *unowned))
    return Picture(chosen, numbers, tuple(alike.values()), swatches, told, ran)


def elements(tiles: Iterable[Tile]) -> int:
    """How many numbers these parameters have together."""
    return sum(tile.numel for tile in tiles)


def _alike(optimizers: Sequence[Mapping[str, Any]]) -> dict[int, int]:
    """The index of the first of each that look alike, and how many they are: replicas, or folds of a study."""
    first: dict[object, int] = {}
    counts: dict[int, int] = {}
    for index, optimizer in enumerate(optimizers):
        at = first.setdefault(_looks(optimizer), index)
        counts[at] = counts.get(at, 0) + 1
    return counts


def _looks(optimizer: Mapping[str, Any]) -> object:
    """All that is drawn of an optimizer, but for rates."""
    groups = tuple(
        tuple(
            (one["name"], *one["shape"], one["requires_grad"], one["moved"], one["reason"]) for one in it["parameters"]
        )
        for it in optimizer["groups"]
    )
    return optimizer["class"], optimizer["filename"], optimizer["row"], bool(optimizer["steps"]), repr(groups)


def _swatch(report: Mapping[str, Any], optimizer: int, group: Mapping[str, Any]) -> Swatch:
    index, last = group["index"], group["lr"]
    points = (point["lr"] for point in report["timeline"] if point["optimizer"] == optimizer)
    seen = [rates[index] for rates in points if index < len(rates)]
    rates = [rate for rate in (*seen, last) if isinstance(rate, float | int)]
    low, high = (min(rates), max(rates)) if rates else (last, last)
    others = group["hyperparameters"]
    name = others.get("name") or others.get("group_name")
    return Swatch(optimizer, index, last, high, low, others.get("weight_decay"), None if name is None else str(name))


def _owned(optimizers: Iterable[Mapping[str, Any]], ran: bool) -> Iterator[tuple[int, Tile]]:
    """All parameters of all optimizers, each with the position of its optimizer."""
    swatch = 0
    for position, optimizer in enumerate(optimizers):
        for group in optimizer["groups"]:
            for one in group["parameters"]:
                state = _state(one, optimizer["steps"], ran=ran, owned=True)
                yield position, _tile(one, swatch, state, _reason(one, state, optimizer["steps"], group["lr"]))
            swatch += 1


def _without_repeats(optimizers: Sequence[Mapping[str, Any]], owned: list[tuple[int, Tile]]) -> Iterator[Tile]:
    """Each parameter once: of an optimizer whose parameters are all in another one, the last that stepped is drawn."""
    names = [{(tile.name, tile.shape) for at, tile in owned if at == position} for position in range(len(optimizers))]
    age = [(bool(optimizer["steps"]), position) for position, optimizer in enumerate(optimizers)]
    nested = [
        [other for other, its in enumerate(names) if other != at and (its <= own or own <= its)]
        for at, own in enumerate(names)
    ]
    trained = {(at, tile.name, tile.shape) for at, tile in owned if tile.state == TRAINED}
    for at, tile in owned:
        key = tile.name, tile.shape
        rivals = [other for other in nested[at] if key in names[other]]
        if any(age[other] > age[at] for other in rivals):
            continue
        elsewhere = any((other, *key) in trained for other in rivals)
        yield tile._replace(state=TRAINED, reason=None) if elsewhere and tile.state in (NEVER, UNKNOWN) else tile


def _tile(one: Mapping[str, Any], swatch: int, state: str, reason: str | None = None) -> Tile:
    return Tile(
        one["name"],
        tuple(one["shape"]),
        one["dtype"],
        one["numel"],
        swatch,
        state,
        one["grad"],
        one["moved"],
        one["reason"] or reason,
        one["cause"],
    )


def _state(one: Mapping[str, Any], steps: int, *, ran: bool, owned: bool) -> str:
    if one["moved"] == "yes":
        return TRAINED
    reason = one["reason"] or ""
    if not one["requires_grad"] and (not reason or reason.startswith("frozen")):
        return FROZEN
    if not owned or one["moved"] == "no" or (ran and not steps):
        return NEVER
    if ran:
        return UNKNOWN
    return NEVER if reason and not reason.startswith("never had") else WOULD_TRAIN


def _reason(one: Mapping[str, Any], state: str, steps: int, lr: object) -> str | None:
    """What the report leaves to be concluded."""
    if state == UNKNOWN:
        return "too few steps to tell" if one["grad"] != "never" else None
    if state != NEVER:
        return None
    if not steps:
        return "its optimizer has never stepped"
    return "had gradients, but its rate is 0" if lr == 0 else "had gradients, and did not change"


def _telling(diagnostics: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    """By the names of parameters: the diagnostics about them, errors first, without mere information."""
    found: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for severity in ("error", "warning"):
        for index, one in enumerate(diagnostics):
            for name in one["parameters"] if one["severity"] == severity else ():
                found.setdefault(name, []).append((index, one))
    return found


def _told(
    tile: Tile, telling: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]], swatches: Sequence[Swatch]
) -> Tile:
    """The tile with the diagnostic that explains it, and its line where no other is known."""
    owner = swatches[tile.swatch].optimizer if tile.swatch != UNOWNED else None
    for index, one in telling.get(tile.name, ()) if tile.state == NEVER else ():
        if owner is None or one["optimizer"] in (None, owner):
            return tile._replace(told=index, place=one)
    return tile
