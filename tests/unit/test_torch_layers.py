"""The table of layers against the layers of torch itself."""

from __future__ import annotations

import inspect

import pytest

from optlint.flow.pytorch import torch_layers

nn = pytest.importorskip("torch.nn")

SIZES = {
    "Bilinear": (2, 3, 4),
    "GroupNorm": (2, 4),
    "PReLU": (),
    **{f"Conv{n}d": (3, 4, 2) for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": (3, 4, 2) for n in (1, 2, 3)},
    **dict.fromkeys(("Linear", "Embedding", "EmbeddingBag", "RNNCell", "LSTMCell", "GRUCell"), (3, 4)),
    "Unflatten": (1, (2, 2)),
}
FLAGS = [(path, flag) for path, layer in torch_layers.LAYERS.items() for flag in (layer.bias, layer.gate) if flag]


def made(path, **flags):
    name = path.rpartition(".")[2]
    return getattr(nn, name)(*SIZES.get(name, (4,)), **flags)


def names(module):
    return tuple(name for name, _ in module.named_parameters())


@pytest.mark.parametrize("path", torch_layers.LAYERS)
def test_a_layer_has_these_parameters(path):
    layer = torch_layers.LAYERS[path]
    opened = {} if layer.gate is None else {layer.gate.keyword: True}
    assert names(made(path, **opened)) == (*layer.weights, *layer.biases)
    if layer.bias is not None:
        assert names(made(path, **opened, **{layer.bias.keyword: False})) == layer.weights
    if layer.gate is not None:
        assert names(made(path, **{layer.gate.keyword: False})) == ()


@pytest.mark.parametrize(("path", "flag"), FLAGS)
def test_flags_stand_where_torch_has_them(path, flag):
    signature = inspect.signature(getattr(nn, path.rpartition(".")[2]))
    assert list(signature.parameters)[flag.position] == flag.keyword
    assert signature.parameters[flag.keyword].default == flag.default


@pytest.mark.parametrize("path", sorted(torch_layers.RECURRENT))
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("both_ways", [True, False])
def test_recurrent_layers_have_parameters_for_each_level_and_direction(path, bias, both_ways):
    layer = getattr(nn, path.rpartition(".")[2])(3, 4, 2, bias=bias, bidirectional=both_ways)
    assert names(layer) == torch_layers.recurrent_names(2, both_ways=both_ways, bias=bias)


@pytest.mark.parametrize("path", sorted(torch_layers.NO_PARAMETERS))
def test_the_rest_takes_no_part(path):
    kind = getattr(nn, path.rpartition(".")[2])
    parameters = inspect.signature(kind).parameters.values()
    needed = [one for one in parameters if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    assert names(kind(*SIZES.get(kind.__name__, (1,) * len(needed)))) == ()


def test_models_have_layouts_where_all_of_their_parts_are_known():
    parts = torch_layers.TORCHVISION["torchvision.models.resnet18"]
    assert sum(sum(part.layout or ()) for part in parts) == 62
    assert [part.layout for part in parts if part.cls == "ReLU"] == [()]


def test_stages_are_told_layer_by_layer():
    features, pool, classifier = torch_layers.TORCHVISION["torchvision.models.vgg16_bn"]
    assert len(features.parts) == 44  # 13 convolutions with normalisation and ReLU, and 5 poolings
    assert sum(sum(part.layout or ()) for part in features.parts) == 52
    assert [part.cls for part in features.parts[:4]] == ["Conv2d", "BatchNorm2d", "ReLU", "Conv2d"]
    assert (pool.layout, classifier.parts[-1].name, classifier.parts[-1].layout) == ((), "6", (2,))
    assert [part.layout for part in torch_layers.TORCHVISION["torchvision.models.mobilenet_v2"][0].parts] == [None] * 19
