"""The tables of what tensors do, held against PyTorch itself."""

from __future__ import annotations

import warnings

import pytest

from optlint.flow.pytorch import torch_tensors

torch = pytest.importorskip("torch")

INDEX = torch.zeros(2, 2, dtype=torch.long)
PLACES = torch.tensor([0, 1])
MASK = torch.ones(2, 2, dtype=torch.bool)
OTHER = torch.full((2, 2), 0.5)
BATCH = torch.full((1, 2, 2), 0.5)
ARGUMENTS = (
    (), (0,), (1,), (0.5,), (OTHER,), (OTHER, OTHER), (0, 1), (1, 1), (0.1, 0.9), (2, 0, 1), (2, 2), ((2, 2),),
    ((4,),), (0, (1, 2)), (0, INDEX), (0, PLACES), (INDEX,), (0, INDEX, OTHER), (0, PLACES, OTHER), (0, PLACES, 1.0),
    (MASK,), (MASK, OTHER), (MASK, 1.0), ((PLACES, PLACES), OTHER[0]), (OTHER, 0.5), (OTHER[0],), (OTHER[0], OTHER[0]),
    (OTHER, OTHER[0]), (torch.ones(3),),
    (BATCH,), (BATCH, BATCH), (-1, 0, 1), (0, 0, 1), (0, 2, 1), (INDEX, OTHER), (lambda value: value,),
)  # fmt: skip
SHAPES = ((2, 2), (2,), (1, 2, 2), (4,), (3,))


def results(name: str):
    """What a method gives for the first shapes and arguments that it takes."""
    for shape in SHAPES:
        for given in ARGUMENTS:
            tensor = torch.full(shape, 0.5)
            tensor.view(-1)[0] = 0.75
            tensor.requires_grad_()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    result = getattr(tensor, name)(*given)
            except (RuntimeError, TypeError, IndexError, ValueError) as problem:
                if "leaf Variable" in str(problem):
                    yield problem
                continue
            if result is not None:
                yield result


def first(name: str, kind: type):
    found = next((result for result in results(name) if isinstance(result, kind)), None)
    assert found is not None, f"no arguments found that `.{name}()` takes"
    return found


@pytest.mark.parametrize("name", sorted(torch_tensors.COMPUTES))
def test_gradients_flow_through(name):
    result = first(name, torch.Tensor)
    assert result.requires_grad
    assert not result.is_leaf


@pytest.mark.parametrize("name", sorted(torch_tensors.CUTS))
def test_no_gradient_flows_through(name):
    result = first(name, torch.Tensor)
    assert not result.requires_grad
    assert result.is_leaf


@pytest.mark.parametrize("name", sorted(torch_tensors.CHANGES))
def test_autograd_refuses_it_on_a_leaf(name):
    assert "leaf" in str(first(name, RuntimeError))


@pytest.mark.parametrize("name", sorted(torch_tensors.PIECES - torch_tensors.MANY_PIECES))
def test_a_part_is_a_view(name):
    assert first(name, torch.Tensor)._is_view()


@pytest.mark.parametrize("name", sorted(torch_tensors.MANY_PIECES))
def test_parts_are_views(name):
    assert all(part._is_view() for part in first(name, tuple))


@pytest.mark.parametrize("name", sorted(torch_tensors.VIEWS))
def test_a_view_shares_memory(name):
    assert first(name, torch.Tensor)._is_view()


@pytest.mark.parametrize("name", sorted(torch_tensors.SAME_TENSOR))
def test_it_gives_the_tensor_itself(name):
    tensor = torch.zeros(2, requires_grad=True)
    result = getattr(tensor, name)()
    assert result is None or result is tensor


KNOWN = torch_tensors.FUNCTIONS | torch_tensors.FUNCTIONAL | torch_tensors.TENSOR_MAKERS


@pytest.mark.parametrize("path", sorted(KNOWN))
def test_the_function_exists(path):
    here = torch
    for part in path.split(".")[1:]:
        here = getattr(here, part)
    assert callable(here)


@pytest.mark.parametrize(("name", "dtype"), sorted(torch_tensors.CASTS.items()))
def test_a_cast_gives_the_tensor_itself_where_nothing_changes(name, dtype):
    tensor = torch.zeros(2, dtype=getattr(torch, dtype.partition(".")[2]))
    assert getattr(tensor, name)() is tensor


@pytest.mark.parametrize(("name", "dtype"), sorted(torch_tensors.DTYPES.items()))
def test_a_name_stands_for_its_type(name, dtype):
    tensor = torch.zeros(2, dtype=getattr(torch, dtype.partition(".")[2]))
    named = getattr(torch, name.partition(".")[2])
    assert tensor.type(named) is tensor
