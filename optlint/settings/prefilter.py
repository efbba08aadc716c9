"""Which files cannot break any enabled rule, told from their bytes alone, before anything heavy is imported."""

from __future__ import annotations

from collections.abc import Set
from itertools import islice

from optlint.named_tuple import NamedTuple
from optlint.words import OPTIMIZERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.rule import Rule

    Needs = tuple[tuple[bytes, ...], ...]
    Wanted = tuple[str, Needs, bytes]

# A file that uses PyTorch names at least one of these; `torch` alone covers most.
TORCH_USERS = (
    *(b"torch", b"lightning", b"accelerate", b"transformers", b"timm", b"diffusers", b"peft", b"trl", b"deepspeed"),
    *(b"bitsandbytes", b"fairseq", b"speechbrain", b"fastai", b"ignite", b"monai", b"mmengine", b"mmcv", b"apex"),
    *(b"nemo", b"detectron2", b"pyro", b"kornia", b"allennlp", b"flair", b"dgl", b"espnet", b"colossalai"),
)

# A file that may be wrong for what others give it, whether it names PyTorch or not: to its functions, or by `import *`.
HANDED = (
    *(b"optimizer", b"requires_grad", b"zero_grad", b"backward(", b"param_groups", b"parameters", b"nn.Module"),
    b"state_dict",
)


def may_be_handed(data: bytes) -> bool:
    """Whether a file with these bytes may do something to what others give it to be trained."""
    return any(word in data for word in HANDED)


def uses_torch(data: bytes) -> bool:
    """Whether a file with these bytes may use PyTorch."""
    return any(word in data for word in TORCH_USERS)


def imports_torch(data: bytes) -> bool:
    """Whether a file with these bytes imports PyTorch or a library upon it, and does not just say its name."""
    if not uses_torch(data):
        return False
    import re

    imported = rb"^[ \t]*(?:import|from)[ \t]+(?:\w*_)?(?:%b)" % b"|".join(TORCH_USERS)
    return re.search(imported, data, re.MULTILINE) is not None


class Prefilter(NamedTuple):
    """What each enabled rule needs to see in a file: one word of each clause; all but a few need PyTorch too.

    A few also need a match of a regular expression.
    """

    about_torch: tuple[Wanted, ...]
    about_optlint: tuple[Wanted, ...]

    def lets_through(self, data: bytes) -> bool:
        """Whether a file with these bytes may break one of the rules."""
        return next(self._codes(data), None) is not None

    def codes(self, data: bytes, enabled: frozenset[str], torch: bool = False) -> Codes:
        """Those of the rules that a file with these bytes may break: no other is asked, whatever makes it be parsed.

        `torch` tells that it uses PyTorch without naming it.
        """
        return Codes(filter(enabled.__contains__, self._codes(data, torch)))

    def _codes(self, data: bytes, torch: bool = False) -> Iterator[str]:
        met: dict[tuple[bytes, ...], bool] = {}
        words = _Words(data)
        rules = (*self.about_optlint, *(self.about_torch if torch or uses_torch(data) else ()))
        for code, needs, pattern in rules:
            for clause in needs:
                if clause not in met:
                    met[clause] = any(map(words.__getitem__, clause))
                if not met[clause]:
                    break
            else:
                if not pattern or _occurs(pattern, data):
                    yield code


class Codes(Set[str]):
    """Codes of rules that are found out when they are asked for: most files break none, and then one is enough."""

    __slots__ = ("_known", "_more")

    def __init__(self, told: Iterator[str]) -> None:
        self._known: set[str] = set()
        self._more = told

    def __bool__(self) -> bool:
        self._known.update(islice(self._more, not self._known))
        return bool(self._known)

    def __contains__(self, code: object) -> bool:
        return code in self._all()

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> set[str]:
        self._known.update(self._more)
        return self._known


class _Words(dict[bytes, bool]):
    """Which words are in some bytes; each is looked for once."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __missing__(self, word: bytes) -> bool:
        found = self[word] = word in self._data
        return found


def prefilter_of(
    about_torch: Iterable[Rule], about_optlint: Iterable[Rule], optimizers: Iterable[str] = ()
) -> Prefilter:
    """The prefilter of these enabled rules; rules about optlint itself do not ask for PyTorch.

    `optimizers` are the names of more classes that a rule means when it asks for an optimizer.
    """
    known = tuple(optimizers)
    return Prefilter(tuple(_needs(about_torch, known)), tuple(_needs(about_optlint, known)))


def _needs(rules: Iterable[Rule], optimizers: tuple[str, ...]) -> Iterator[Wanted]:
    for rule in rules:
        clauses = ((*clause, *optimizers) if OPTIMIZERS[0] in clause else clause for clause in rule.needs)
        needs = tuple(tuple(word.encode() for word in clause) for clause in clauses)
        yield rule.code, needs, rule.pattern.encode()


def _occurs(pattern: bytes, data: bytes) -> bool:
    import re

    return re.search(pattern, data) is not None
