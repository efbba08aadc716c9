"""What the interpreter saw happen, told to checks; nothing here imports libcst.

An event carries facts, as values that a check can read without knowing the engine. `None` means "cannot tell". A
`Site` is a place in the user's code that can name itself. One module a family of rules.
"""

from optlint.flow.events.belongings import (
    AttributeSet,
    AverageIsModel,
    FrozenWithGradient,
    KeywordGiven,
    LayerBuiltLate,
    ModelReplaced,
    ModulesHidden,
    StateOfOther,
    TensorHidden,
)
from optlint.flow.events.groups import (
    GroupEmpty,
    GroupKeyUnknown,
    GroupsLeaveGap,
    GroupsOverlap,
    NamesUnmatched,
    ParametersUnordered,
    RateByIndex,
    WrongArgument,
)
from optlint.flow.events.iterators import Consumed, Iterator, MembershipTested, SequenceOperation
from optlint.flow.events.order import (
    ClipOfScaled,
    ClipUseless,
    ClosureFaulty,
    GradientsLost,
    GraphBroken,
    MethodUncalled,
    OptimizerInLoop,
    ScalerNotUpdated,
    StepMissing,
    StepUncleared,
)
from optlint.flow.events.rates import FirstGroupSet, HyperparameterSet, RateAbsurd, SchedulerFirst, SchedulerOfOther
from optlint.flow.events.sites import Site, Text
from optlint.flow.events.tensors import (
    GradFnRead,
    GroupTensor,
    LeafChanged,
    ParameterLost,
    ParameterRebound,
    PieceUsed,
    ProductGradientRead,
    Recipe,
    TensorLookedUp,
)

__all__ = [
    "AttributeSet",
    "AverageIsModel",
    "ClipOfScaled",
    "ClipUseless",
    "ClosureFaulty",
    "Consumed",
    "FirstGroupSet",
    "FrozenWithGradient",
    "GradFnRead",
    "GradientsLost",
    "GraphBroken",
    "GroupEmpty",
    "GroupKeyUnknown",
    "GroupTensor",
    "GroupsLeaveGap",
    "GroupsOverlap",
    "HyperparameterSet",
    "Iterator",
    "KeywordGiven",
    "LayerBuiltLate",
    "LeafChanged",
    "MembershipTested",
    "MethodUncalled",
    "ModelReplaced",
    "ModulesHidden",
    "NamesUnmatched",
    "OptimizerInLoop",
    "ParameterLost",
    "ParameterRebound",
    "ParametersUnordered",
    "PieceUsed",
    "ProductGradientRead",
    "RateAbsurd",
    "RateByIndex",
    "Recipe",
    "ScalerNotUpdated",
    "SchedulerFirst",
    "SchedulerOfOther",
    "SequenceOperation",
    "Site",
    "StateOfOther",
    "StepMissing",
    "StepUncleared",
    "TensorHidden",
    "TensorLookedUp",
    "Text",
    "WrongArgument",
]
