"""No fix is offered where it might break code that runs, or change what it does."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.fixing import PREAMBLE, mended

HARMFUL = {
    "a list is no iterator": """
        params = model.parameters()
        device = next(params).device
        optimizer = optim.SGD(params, lr=0.1)
        """,
    "nor in another method": """
        class Trainer:
            def __init__(self, net: nn.Module):
                self.params = net.parameters()
                self.optimizer = optim.SGD(self.params, lr=0.1)

            def norm(self):
                return sum(p.norm() for p in self.params)

            def first(self):
                return next(self.params, None)
        """,
    "it cannot be closed": """
        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        params.close()
        print([p.shape for p in params])
        """,
    "its type is asked for": """
        params = model.parameters()
        if not isinstance(params, list):
            print("an iterator")
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "one group would share with another": """
        params = model.parameters()
        optimizer = optim.SGD([{"params": params}, {"params": params, "lr": 0.2}], lr=0.1)
        """,
    "so would a group added later": """
        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        optimizer.add_param_group({"params": params, "lr": 0.2})
        """,
    "so would groups made in a loop": """
        params = model.parameters()
        groups = []
        for lr in (0.1, 0.2):
            groups.append({"params": params, "lr": lr})
        optimizer = optim.SGD(groups)
        """,
    "so might lists that unknown code gets": """
        from helpers import make_groups

        named = model.named_parameters()
        biases = [p for n, p in named if "bias" in n]
        others = [p for n, p in named if "bias" not in n]
        optimizer = optim.SGD(make_groups(biases, others), lr=0.1)
        """,
    "so might lists that are filled in branches": """
        named = model.named_parameters()
        biases, others = [], []
        for n, p in named:
            if "bias" in n:
                biases.append(p)
        for n, p in named:
            if "bias" not in n:
                others.append(p)
        optimizer = optim.SGD([{"params": biases}, {"params": others}], lr=0.1)
        """,
    "pairs of neighbours": """
        params = model.parameters()
        groups = [{"params": [w, b]} for w, b in zip(params, params)]
        optimizer = optim.SGD(groups, lr=0.1)
        print([p.shape for p in params])
        """,
    "a split on purpose": """
        from itertools import islice

        params = model.parameters()
        optimizer = optim.SGD([{"params": list(islice(params, 2))}, {"params": list(params)}], lr=0.1)
        print([p.shape for p in params])
        """,
    "a loop that goes on where another stopped": """
        layers = model.children()
        for layer in layers:
            if isinstance(layer, nn.ReLU):
                break
        for layer in layers:
            print(layer)
        print([type(layer) for layer in layers])
        """,
    "frozen after the filter was made": """
        params = filter(lambda p: p.requires_grad, model.parameters())
        for p in model[0].parameters():
            p.requires_grad = False
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "frozen by unknown code": """
        from helpers import freeze

        params = filter(lambda p: p.requires_grad, model.parameters())
        freeze(model)
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "a layer replaced after the iterator was made": """
        params = model.parameters()
        model[1] = nn.Linear(2, 3)
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "names that are collected later": """
        names = []
        params = (p for n, p in model.named_parameters() if n in names)
        names.append("0.weight")
        optimizer = optim.SGD([{"params": params}], lr=0.1)
        print([p.shape for p in params])
        """,
    "a name that means something else": """
        def list(values):
            return values

        params = model.parameters()
        optimizer = optim.SGD(params, lr=0.1)
        print([p.shape for p in params])
        """,
    "an argument default": """
        def count(params=model.parameters()):
            return sum(p.numel() for p in params)

        print(count(), count())
        """,
    "a generator function": """
        def twice(net: nn.Module):
            params = net.parameters()
            for p in params:
                yield p
            for p in params:
                yield p

        print(sum(1 for _ in twice(model)))
        """,
    "pairs looked up by what may be a name": """
        def weight(net: nn.Module, name):
            return net.named_parameters()[name]
        """,
    "a helper that others call": """
        def build(params, lr=0.1):
            return optim.SGD(params, lr=lr)

        first, second = build(model), build(model.parameters())
        """,
    "an argument that stands elsewhere": """
        options = {"params": model, "lr": 0.1}
        optimizer = optim.SGD(**options)
        """,
    "a tensor that would be refused or ignored": """
        first = optim.SGD(torch.zeros(3), lr=0.1)
        second = optim.SGD(torch.zeros(3, requires_grad=True) * 2, lr=0.1)
        """,
    "a tensor that is written to": """
        image = torch.zeros(3)
        image[0] = 1.0
        optimizer = optim.SGD([image], lr=0.1)
        print(image)
        """,
    "a tensor that becomes an array": """
        image = torch.rand(3)
        optimizer = optim.SGD([image], lr=0.1)
        print(image.numpy())
        """,
    "one of several tensors": """
        first, second = torch.rand(4).split(2)
        optimizer = optim.SGD([{"params": first}], lr=0.1)
        third, fourth = torch.zeros(4, requires_grad=True).chunk(2)
        other = optim.SGD([third], lr=0.1)
        print(first, second)
        """,
    "whole numbers": """
        first, second = torch.tensor([1, 2]), torch.zeros(3, dtype=torch.long)
        optimizer = optim.SGD([first, second], lr=0.1)
        print(first, second)
        """,
    "a function without the keyword": """
        import numpy as np

        points = torch.from_numpy(np.ones(3))
        optimizer = optim.SGD([points], lr=0.1)
        print(points)
        """,
    "a product that is written to": """
        offset = torch.zeros(3, requires_grad=True) * 2
        offset += 1
        optimizer = optim.SGD([offset], lr=0.1)
        """,
    "a leaf that has a name": """
        leaf = torch.zeros(3, requires_grad=True)
        both = torch.cat([leaf, torch.ones(3, requires_grad=True)])
        optimizer = optim.SGD([both], lr=0.1)
        """,
    "a Parameter before init": """
        class Net(nn.Module):
            def __init__(self):
                self.gain = nn.Parameter(torch.ones(3)) * 2
                super().__init__()
        """,
    "an attribute that becomes a tensor later": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

            def normalize(self):
                self.gain = self.gain.detach() / 2
        """,
    "an attribute that a subclass sets": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

        class Fixed(Net):
            def __init__(self):
                super().__init__()
                self.gain = torch.ones(3)
        """,
    "an attribute that is changed in place": """
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.gain = nn.Parameter(torch.ones(3)) * 2

            def forward(self, x):
                return x * self.gain.clamp_(0, 1)
        """,
    "flags that torch refuses": """
        model[0].weight.require_grad = 0
        numbers = torch.arange(3)
        numbers.require_grad = True
        product = torch.zeros(3, requires_grad=True) * 2
        product.require_grad = False
        """,
    "keywords that are there, or unknown": """
        first = torch.zeros(3, requires_grad=True, require_grad=True)
        second = torch.from_numpy([1.0], require_grad=True)
        """,
    "more than an assignment": """
        head = nn.Linear(2, 2)
        model.requires_grad = head.requires_grad = False
        model.requires_grad, head.requires_grad = False, True
        model.requires_grad: bool = False
        (model.requires_grad) = False
        model.requires_grad = None
        """,
    "values of other tensors are compared": """
        codes = [torch.zeros(1), torch.ones(1)]
        print(codes[0] in codes)
        """,
    "a class has no scope for a comprehension": """
        class Config:
            head = [model[0].weight, model[0].bias]
            weight = model[0].weight
            special = weight in head
        """,
    "a built-in function goes by another name": """
        def any(values):
            return values

        head = [model[0].weight]
        base = [p for p in model.parameters() if p not in head]
        """,
    "more is done with a set": """
        def build(model: nn.Module):
            params = set(model.parameters())
            params.discard(model[0].bias)
            return optim.SGD(params, lr=0.1)
        """,
    "a set of the module may be imported": """
        params = set(model.parameters())
        optimizer = optim.SGD(params, lr=0.1)
        """,
    "an own optimizer may count on a set": """
        class Own(optim.Optimizer):
            def __init__(self, params, lr):
                super().__init__(params, {"lr": lr})
                self.known = params | {None}

        optimizer = Own(set(model.parameters()), lr=0.1)
        """,
    "the rate is there already": """
        groups = [{"params": model.parameters(), "lr": 0.1, "learning_rate": 0.2}]
        optimizer = optim.SGD(groups, lr=0.1)
        """,
    "a value that is no number": """
        def build(model: nn.Module, lrs):
            groups = [{"params": model.parameters(), "learning_rate": [lrs[0], lrs[1]]}]
            return optim.Adam(groups, lr=0.1)
        """,
    "a key that another optimizer knows": """
        groups = [{"params": model.parameters(), "momentun": 0.9}]
        optimizer = optim.Adam(groups, lr=0.1)
        """,
    "a value of another shape, or the same": """
        def change(model: nn.Module, masks, noise: torch.Tensor):
            for name, p in model.named_parameters():
                p = p * masks[name]
            for p in model.parameters():
                p = p.sum() - p.mean()
            for p in model.parameters():
                p = p.detach()
            for p in model.parameters():
                p = p + noise
        """,
}


@pytest.mark.parametrize("code", HARMFUL.values(), ids=HARMFUL)
def test_no_fix_where_it_may_do_harm(code: str) -> None:
    done = mended(f"{PREAMBLE}model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))\n{dedent(code)}")
    assert done.remaining
    assert [one for one in done.remaining if one.fix] == []
