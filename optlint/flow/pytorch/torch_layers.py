"""How many parameter tensors the layers of PyTorch and the models of torchvision have, as data.

Counts are those of `list(layer.parameters())`; a *layout* gives one count for each layer, in that order.
"""

from __future__ import annotations

from typing import NamedTuple


class Flag(NamedTuple):
    """A boolean argument of a layer's class: its keyword, its position and its default."""

    keyword: str
    position: int
    default: bool = True


class Layer(NamedTuple):
    """A layer has parameters `weights`, and `biases` too where the flag `bias` holds; none where `gate` does not."""

    weights: tuple[str, ...] = ("weight",)
    biases: tuple[str, ...] = ()
    bias: Flag | None = None
    gate: Flag | None = None


_BIAS = ("bias",)
_BOTH = ("weight", "bias")
_NORM = Layer(_BOTH, gate=Flag("affine", 3))
_INSTANCE_NORM = Layer(_BOTH, gate=Flag("affine", 3, default=False))
_CONVOLUTION = Layer(biases=_BIAS, bias=Flag("bias", 7))
_CELL = Layer(("weight_ih", "weight_hh"), ("bias_ih", "bias_hh"), Flag("bias", 2))
LAYERS: dict[str, Layer] = {
    "torch.nn.Linear": Layer(biases=_BIAS, bias=Flag("bias", 2)),
    "torch.nn.Bilinear": Layer(biases=_BIAS, bias=Flag("bias", 3)),
    **{f"torch.nn.Conv{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"torch.nn.ConvTranspose{n}d": _CONVOLUTION for n in (1, 2, 3)},
    **{f"torch.nn.BatchNorm{n}d": _NORM for n in (1, 2, 3)},
    **{f"torch.nn.InstanceNorm{n}d": _INSTANCE_NORM for n in (1, 2, 3)},
    "torch.nn.SyncBatchNorm": _NORM,
    "torch.nn.GroupNorm": _NORM,
    "torch.nn.LayerNorm": Layer(biases=_BIAS, bias=Flag("bias", 3), gate=Flag("elementwise_affine", 2)),
    "torch.nn.RMSNorm": Layer(gate=Flag("elementwise_affine", 2)),
    "torch.nn.Embedding": Layer(),
    "torch.nn.EmbeddingBag": Layer(),
    "torch.nn.PReLU": Layer(),
    **{f"torch.nn.{name}Cell": _CELL for name in ("RNN", "LSTM", "GRU")},
}
# Layers that have the parameters of a cell for each level and direction.
RECURRENT = frozenset({"torch.nn.RNN", "torch.nn.LSTM", "torch.nn.GRU"})
# Layers that have parameters to train whatever their arguments are.
TRAINED = RECURRENT | frozenset(
    f"torch.nn.{name}"
    for name in "MultiheadAttention Transformer TransformerEncoder TransformerDecoder TransformerEncoderLayer "
    "TransformerDecoderLayer LazyLinear LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose2d "
    "AdaptiveLogSoftmaxWithLoss Linear Bilinear Embedding EmbeddingBag PReLU Conv1d Conv2d Conv3d ConvTranspose1d "
    "ConvTranspose2d ConvTranspose3d RNNCell LSTMCell GRUCell".split()
)
FROM_VECTORS = frozenset({"torch.nn.Embedding.from_pretrained", "torch.nn.EmbeddingBag.from_pretrained"})
NO_PARAMETERS = frozenset(
    f"torch.nn.{name}"
    for name in "ReLU ReLU6 LeakyReLU GELU SiLU ELU SELU CELU GLU Tanh Sigmoid Softmax LogSoftmax Softplus Hardswish "
    "Hardtanh Mish Identity Flatten Unflatten Dropout Dropout1d Dropout2d Dropout3d AlphaDropout MaxPool1d MaxPool2d "
    "MaxPool3d AvgPool1d AvgPool2d AvgPool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool2d "
    "ZeroPad2d ReflectionPad2d Upsample UpsamplingNearest2d PixelShuffle Fold Unfold "
    "CrossEntropyLoss MSELoss L1Loss BCELoss BCEWithLogitsLoss NLLLoss Softmax2d Softsign Hardsigmoid Threshold "
    "SmoothL1Loss HuberLoss KLDivLoss CTCLoss PoissonNLLLoss GaussianNLLLoss CosineEmbeddingLoss MarginRankingLoss "
    "TripletMarginLoss HingeEmbeddingLoss SoftMarginLoss MultiMarginLoss MultiLabelMarginLoss "
    "MultiLabelSoftMarginLoss LogSigmoid Softmin Softshrink Hardshrink Tanhshrink RReLU CosineSimilarity "
    "PairwiseDistance".split()
)


# Parameters of layers that have more than a weight and a bias.
ATTENTION = frozenset("in_proj_weight in_proj_bias q_proj_weight k_proj_weight v_proj_weight bias_k bias_v".split())
_OF_CELLS = tuple(f"{kind}_{where}" for kind in ("weight", "bias") for where in ("ih", "hh"))


def is_parameter(path: str, name: str) -> bool:
    """Whether an attribute of a layer of torch is one of its parameters, by a name that nothing else has."""
    if path == "torch.nn.MultiheadAttention":
        return name in ATTENTION
    return (path in RECURRENT or LAYERS.get(path) is _CELL) and name.startswith(_OF_CELLS)


def recurrent_names(levels: int, *, both_ways: bool, bias: bool) -> tuple[str, ...]:
    """The parameters of an LSTM and its like, in order."""
    ends = [f"_l{level}{way}" for level in range(levels) for way in (("", "_reverse") if both_ways else ("",))]
    kinds = (*_CELL.weights, *(_CELL.biases if bias else ()))
    return tuple(f"{kind}{end}" for end in ends for kind in kinds)


_ATTENTION = ("in_proj_", "out_proj.")
_FORWARD = ("linear1.", "linear2.")
# Layers that are made of several: what stands before `weight` and `bias` in the names of their parameters, in order.
COMPOSITES: dict[str, tuple[str, ...]] = {
    "torch.nn.MultiheadAttention": _ATTENTION,
    "torch.nn.TransformerEncoderLayer": (*(f"self_attn.{one}" for one in _ATTENTION), *_FORWARD, "norm1.", "norm2."),
    "torch.nn.TransformerDecoderLayer": (
        *(f"{name}.{one}" for name in ("self_attn", "multihead_attn") for one in _ATTENTION),
        *_FORWARD, *(f"norm{n}." for n in (1, 2, 3)),
    ),
}  # fmt: skip
# Arguments that give such a layer other parameters.
CHANGES_PARTS = frozenset({"kdim", "vdim", "add_bias_kv"})


def composite_names(path: str, *, bias: bool) -> tuple[str, ...]:
    """The parameters of a layer that is made of several, in order."""
    kinds = ("weight", "bias") if bias else ("weight",)
    return tuple(f"{part}{kind}" for part in COMPOSITES[path] for kind in kinds)


class Part(NamedTuple):
    """A child of a model: its name, its class in `torch.nn` where that is known, its layout, and its own children.

    `names` are those of its parameters, in order, where its children are not listed.
    """

    name: str
    cls: str = ""
    layout: tuple[int, ...] | None = None
    parts: tuple[Part, ...] = ()
    names: tuple[str, ...] = ()


def _parts(words: str) -> tuple[Part, ...]:
    """Parts from `name:Class` words; a class without parameters has an empty layout."""
    split = (word.partition(":") for word in words.split())
    return tuple(Part(name, cls, () if f"torch.nn.{cls}" in NO_PARAMETERS else None) for name, _, cls in split)


def _with_layouts(words: str, *layouts: tuple[int, ...]) -> tuple[Part, ...]:
    """The same, with the layouts of those that have parameters, in order."""
    given = iter(layouts)
    return tuple(part if part.layout == () else part._replace(layout=next(given)) for part in _parts(words))


_FEATURES = "features:Sequential avgpool:AdaptiveAvgPool2d classifier:Sequential"
_NO_POOL = "features:Sequential classifier:Sequential"
_RESNET = (
    "conv1:Conv2d bn1:BatchNorm2d relu:ReLU maxpool:MaxPool2d layer1:Sequential layer2:Sequential layer3:Sequential "
    "layer4:Sequential avgpool:AdaptiveAvgPool2d fc:Linear"
)
_PAIR, _TRIPLE = (2,), (1, 2)  # a layer with a bias; a convolution without one and its normalisation


def _resnet(convolutions: int, *blocks: int) -> tuple[Part, ...]:
    """A ResNet with so many convolutions in a block, and so many blocks in its four stages."""
    stages = [_stage(convolutions, count, place > 1 or convolutions == 3) for place, count in enumerate(blocks, 1)]
    named = {f"layer{place}": names for place, names in enumerate(stages, 1)}
    layouts = (_TRIPLE * (len(names) // sum(_TRIPLE)) for names in stages)
    parts = _with_layouts(_RESNET, (1,), (2,), *layouts, _PAIR)
    return tuple(part._replace(names=named.get(part.name, ())) for part in parts)


def _stage(convolutions: int, blocks: int, shortcut: bool) -> tuple[str, ...]:
    """The parameters of a stage of a ResNet, in order; the first block may have a convolution beside the others."""
    pairs = [(f"{block}.conv{n}", f"{block}.bn{n}") for block in range(blocks) for n in range(1, convolutions + 1)]
    if shortcut:
        pairs.insert(convolutions, ("0.downsample.0", "0.downsample.1"))
    return tuple(name for one, norm in pairs for name in (f"{one}.weight", f"{norm}.weight", f"{norm}.bias"))


def _numbered(words: str) -> tuple[Part, ...]:
    """The layers of a `Sequential`; those with parameters have two, those of other classes as many as may be."""
    classes = words.split()
    parts = _parts(" ".join(f"{place}:{'' if cls == '?' else cls}" for place, cls in enumerate(classes)))
    return tuple(part._replace(layout=_PAIR) if part.cls and part.layout is None else part for part in parts)


def _two_stages(features: str, classifier: str, *, pooled: bool = True) -> tuple[Part, ...]:
    """A model of features and a classifier."""
    inner = {"features": _numbered(features), "classifier": _numbered(classifier)}
    return tuple(part._replace(parts=inner.get(part.name, ())) for part in _parts(_FEATURES if pooled else _NO_POOL))


def _vgg(*convolutions: int, normalised: bool = False) -> tuple[Part, ...]:
    """A VGG with so many convolutions in its five stages."""
    layer = "Conv2d BatchNorm2d ReLU " if normalised else "Conv2d ReLU "
    features = " ".join(layer * count + "MaxPool2d" for count in convolutions)
    return _two_stages(features, "Linear ReLU Dropout Linear ReLU Dropout Linear")


_VGGS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
_ALEXNET = "Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Conv2d ReLU Conv2d ReLU Conv2d ReLU MaxPool2d"


# Children of well-known models, in order; those without parameters have an empty layout.
TORCHVISION: dict[str, tuple[Part, ...]] = {
    f"torchvision.models.{name}": parts
    for name, parts in {
        "alexnet": _two_stages(_ALEXNET, "Dropout Linear ReLU Dropout Linear ReLU Linear"),
        **{f"vgg{n}": _vgg(*stages) for n, stages in _VGGS.items()},
        **{f"vgg{n}_bn": _vgg(*stages, normalised=True) for n, stages in _VGGS.items()},
        "resnet18": _resnet(2, 2, 2, 2, 2),
        "resnet34": _resnet(2, 3, 4, 6, 3),
        **{name: _resnet(3, 3, 4, 6, 3) for name in ("resnet50", "resnext50_32x4d", "wide_resnet50_2")},
        **{name: _resnet(3, 3, 4, 23, 3) for name in ("resnet101", "resnext101_32x8d", "wide_resnet101_2")},
        "resnet152": _resnet(3, 3, 8, 36, 3),
        "efficientnet_b0": _two_stages("? " * 9, "Dropout Linear"),
        "mobilenet_v3_small": _two_stages("? " * 13, "Linear Hardswish Dropout Linear"),
        "mobilenet_v3_large": _two_stages("? " * 17, "Linear Hardswish Dropout Linear"),
        "convnext_tiny": _two_stages("? " * 8, "? Flatten Linear"),
        "mobilenet_v2": _two_stages("? " * 19, "Dropout Linear", pooled=False),
        **{f"squeezenet1_{n}": _parts(_NO_POOL) for n in (0, 1)},
        **{f"densenet{n}": _parts("features:Sequential classifier:Linear") for n in (121, 161, 169, 201)},
    }.items()
}
# Arguments that leave the layout of such a model as it is.
KEEPS_LAYOUT = frozenset({"weights", "pretrained", "progress", "num_classes", "dropout"})
