"""Right programs of several ranks: nothing is reported of them, and nothing hangs."""

from __future__ import annotations

import os
import signal
from contextlib import nullcontext

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.distributed.algorithms.join import Join
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

from tests.audit.ranks.shared import STEPS, average_gradients, batches, loss_of, model, train, wrapped


def plain_ddp() -> None:
    network = wrapped(model())
    train(network, optim.SGD(network.parameters(), lr=0.1, momentum=0.9))


def ddp_with_seeds_of_ranks() -> None:
    network = wrapped(model(dist.get_rank()))  # it sends the weights of rank 0 to all
    train(network, optim.AdamW(network.parameters(), lr=0.01))


def optimizer_built_before_ddp() -> None:
    inner = model()
    optimizer = optim.SGD(inner.parameters(), lr=0.1)
    train(wrapped(inner), optimizer)


def optimizer_built_before_ddp_and_seeds_of_ranks() -> None:
    inner = model(dist.get_rank()).to(torch.float32)
    optimizer = optim.Adam(inner.parameters())
    train(wrapped(inner, gradient_as_bucket_view=True), optimizer)


def accumulation_without_sync() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches(4 * STEPS)):
        last = at % 4 == 3
        with nullcontext() if last else network.no_sync():
            (loss_of(network, batch) / 4).backward()
        if last:
            optimizer.step()
            optimizer.zero_grad()


def uneven_inputs_joined() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    with Join([network]):
        train(network, optimizer, steps=STEPS + 5 * dist.get_rank())


def sharded_state() -> None:
    network = wrapped(model())
    optimizer = ZeroRedundancyOptimizer(network.parameters(), optimizer_class=optim.Adam, lr=0.01)
    train(network, optimizer)


def sharded_state_and_scheduler() -> None:
    network = wrapped(model())
    optimizer = ZeroRedundancyOptimizer(
        network.parameters(), optimizer_class=optim.SGD, parameters_as_bucket_view=True, lr=0.1, momentum=0.9
    )
    scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for batch in batches():
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()
        scheduler.step()


def fully_sharded() -> None:
    network = model()
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for layer in (network[0], network[2]):
        fully_shard(layer, mesh=mesh)
    fully_shard(network, mesh=mesh)
    optimizer = optim.AdamW(network.parameters(), lr=0.01)
    for batch in batches():
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()


def fully_sharded_accumulation() -> None:
    network = model()
    fully_shard(network, mesh=init_device_mesh("cpu", (dist.get_world_size(),)))
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches(2 * STEPS)):
        network.set_requires_gradient_sync(at % 2 == 1)
        (loss_of(network, batch) / 2).backward()
        if at % 2:
            optimizer.step()
            optimizer.zero_grad()


def sharded_by_a_wrapper() -> None:
    network = FullyShardedDataParallel(model(), device_id=torch.device("cpu"), use_orig_params=True)
    train(network, optim.SGD(network.parameters(), lr=0.1))


def tensor_parallel() -> None:
    if dist.get_world_size() > 2:  # which does not divide the columns
        return
    network = model()
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    parallelize_module(network, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    torch.manual_seed(5)
    for _ in range(STEPS):  # the same data on all ranks
        optimizer.zero_grad()
        loss_of(network, (torch.randn(6, 8), torch.randn(6, 4))).backward()
        optimizer.step()


def tensor_parallel_by_hand() -> None:
    """Each rank has columns of its own; the norm before them is the same everywhere."""
    torch.manual_seed(dist.get_rank())
    shard, norm = nn.Linear(8, 4, bias=False), nn.LayerNorm(8)
    optimizer = optim.SGD([*shard.parameters(), *norm.parameters()], lr=0.1)
    torch.manual_seed(5)
    for _ in range(STEPS):
        optimizer.zero_grad()
        shard(norm(torch.randn(6, 8))).square().mean().backward()
        average_gradients(norm)
        optimizer.step()


def pipeline_of_different_models() -> None:
    """Each rank owns one stage; activations and gradients are sent by hand."""
    stage = model(dist.get_rank())
    optimizer = optim.SGD(stage.parameters(), lr=0.1)
    for x, y in batches():
        optimizer.zero_grad()
        if dist.get_rank() == 0:
            out = stage(x)
            dist.send(out.detach(), 1)
            grad = torch.empty_like(out)
            dist.recv(grad, 1)
            out.backward(grad)
        elif dist.get_rank() == 1:
            received = torch.empty(6, 4)
            dist.recv(received, 0)
            received.requires_grad_()
            stage(nn.functional.pad(received, (0, 4))).sub(y).square().mean().backward()
            dist.send(received.grad, 0)
        else:
            stage(x).sum().backward()
        optimizer.step()


def a_model_of_its_own_on_each_rank() -> None:
    torch.manual_seed(dist.get_rank())
    network = nn.Linear(8, 4)
    optimizer = optim.SGD(network.parameters(), lr=0.01)
    for _ in range(STEPS):  # gradients of a sum are the same for all weights
        optimizer.zero_grad()
        network(torch.ones(6, 8)).sum().backward()
        optimizer.step()


def average_by_hand() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        average_gradients(network)
        optimizer.step()


def averaged_in_a_compiled_function() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)

    @torch.compile(backend="eager", fullgraph=True)
    def average(gradient: torch.Tensor) -> torch.Tensor:
        dist.all_reduce(gradient)
        return gradient / 2

    for batch in batches(4):
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        for parameter in network.parameters():
            parameter.grad = average(parameter.grad)
        optimizer.step()


def weights_averaged_now_and_then() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches()):
        optimizer.zero_grad()
        with network.no_sync():
            loss_of(network, batch).backward()
        optimizer.step()
        if at % 4 == 3:
            with torch.no_grad():
                for parameter in network.parameters():
                    dist.all_reduce(parameter.data)
                    parameter.div_(dist.get_world_size())


def weights_averaged_by_an_averager() -> None:
    from torch.distributed.algorithms.ddp_comm_hooks import post_localSGD_hook as local
    from torch.distributed.algorithms.model_averaging.averagers import PeriodicModelAverager
    from torch.distributed.optim import PostLocalSGDOptimizer

    network = wrapped(model())
    state = local.PostLocalSGDState(None, dist.new_group([dist.get_rank()], use_local_synchronization=True), 2)
    network.register_comm_hook(state, local.post_localSGD_hook)
    averager = PeriodicModelAverager(period=5, warmup_steps=2)
    train(network, PostLocalSGDOptimizer(optim.SGD(network.parameters(), lr=0.1), averager))


def evaluation_on_the_first_rank() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for epoch in range(3):
        train(network, optimizer, steps=5)
        if dist.get_rank() == 0:
            with torch.no_grad():
                loss_of(network.module, batches(1, seed=epoch)[0]).item()
        dist.barrier()


def adversarial_pair() -> None:
    one, other = wrapped(model(1)), wrapped(model(2))
    first, second = optim.Adam(one.parameters()), optim.Adam(other.parameters())
    for at, batch in enumerate(batches(2 * STEPS)):
        network, optimizer = (one, first) if at % 2 else (other, second)
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()


def pieces_that_ddp_shall_ignore() -> None:
    network = model()
    network.own = nn.Parameter(torch.full((4,), float(dist.get_rank())))
    DistributedDataParallel._set_params_and_buffers_to_ignore_for_model(network, ["own"])
    outer = wrapped(network)
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for x, y in batches():
        optimizer.zero_grad()
        (outer(x) + network.own - y).square().mean().backward()
        optimizer.step()


def unused_on_some_ranks() -> None:
    class Experts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.experts = nn.ModuleList(model(seed) for seed in range(3))

        def forward(self, x: torch.Tensor, chosen: int) -> torch.Tensor:
            return self.experts[chosen](x)

    network = wrapped(Experts(), find_unused_parameters=True)
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, (x, y) in enumerate(batches()):
        optimizer.zero_grad()
        (network(x, (at + dist.get_rank()) % 3) - y).square().mean().backward()
        optimizer.step()


def trained_twice_one_after_the_other() -> None:
    network = wrapped(model())
    train(network, optim.SGD(network.parameters(), lr=0.1))
    network.module[0].requires_grad_(False)
    again = wrapped(network.module)
    train(again, optim.SGD([p for p in again.parameters() if p.requires_grad], lr=0.01))


def a_rank_leaves_early() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    train(network, optimizer, steps=6)
    if dist.get_rank() == 0:
        train(network.module, optimizer, steps=7)  # what was trained together is refined by one


def the_first_rank_is_killed() -> None:
    """It is the one that compares, and that serves the store."""
    _train_until_killed(0)


def a_rank_is_killed() -> None:
    _train_until_killed(1)


def _train_until_killed(rank: int) -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches()):
        if at == 7 and dist.get_rank() == rank:
            os.kill(os.getpid(), signal.SIGKILL)
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()
