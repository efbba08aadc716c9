"""Which files cannot break any enabled rule, told from their bytes alone, before anything heavy is imported."""

from __future__ import annotations

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.rule import Rule

# A file that uses PyTorch names at least one of these; `torch` alone covers most.
TORCH_USERS = (
    *(b"torch", b"lightning", b"accelerate", b"transformers", b"timm", b"diffusers", b"peft", b"trl", b"deepspeed"),
    *(b"bitsandbytes", b"fairseq", b"speechbrain", b"fastai", b"ignite", b"monai", b"mmengine", b"mmcv", b"apex"),
    *(b"nemo", b"detectron2", b"pyro", b"kornia", b"allennlp", b"flair", b"dgl", b"espnet", b"colossalai"),
)


def uses_torch(data: bytes) -> bool:
    """Whether a file with these bytes may use PyTorch."""
    return any(word in data for word in TORCH_USERS)


class Prefilter(NamedTuple):
    """What the enabled rules need to see in a file: for one of the rules, one word of each clause."""

    about_torch: tuple[tuple[tuple[bytes, ...], ...], ...]
    about_optlint: tuple[tuple[tuple[bytes, ...], ...], ...]

    def lets_through(self, data: bytes) -> bool:
        """Whether a file with these bytes may break one of the rules."""
        if any(_meets(needs, data) for needs in self.about_optlint):
            return True
        return uses_torch(data) and any(_meets(needs, data) for needs in self.about_torch)


def prefilter_of(about_torch: Iterable[Rule], about_optlint: Iterable[Rule]) -> Prefilter:
    """The prefilter of these enabled rules; rules about optlint itself do not ask for PyTorch."""
    return Prefilter(_needs(about_torch), _needs(about_optlint))


def _needs(rules: Iterable[Rule]) -> tuple[tuple[tuple[bytes, ...], ...], ...]:
    encoded = (tuple(tuple(word.encode() for word in clause) for clause in rule.needs) for rule in rules)
    return tuple(sorted(set(encoded), key=len))


def _meets(needs: tuple[tuple[bytes, ...], ...], data: bytes) -> bool:
    return all(any(word in data for word in clause) for clause in needs)
