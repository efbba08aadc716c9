"""Wrong programs of several ranks."""

from __future__ import annotations

from contextlib import nullcontext

import torch
import torch.distributed as dist
from torch import nn, optim
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FullyShardedDataParallel, fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

from tests.audit.ranks.shared import STEPS, average_gradients, batches, loss_of, model, train, wrapped


def raw_module_called() -> None:
    network = model()
    outer = wrapped(network)
    train(network, optim.SGD(outer.parameters(), lr=0.1))


def layer_replaced_after_wrapping() -> None:
    network = wrapped(model(), find_unused_parameters=True)
    torch.manual_seed(7)
    network.module[2] = nn.Linear(16, 4)
    train(network, optim.SGD(network.parameters(), lr=0.1))


def never_synchronized() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        optimizer.zero_grad()
        with network.no_sync():
            loss_of(network, batch).backward()
        optimizer.step()


def seeds_of_ranks() -> None:
    network = model(dist.get_rank())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        average_gradients(network)
        optimizer.step()


def seeds_of_ranks_and_nothing_sent() -> None:
    network = wrapped(model(dist.get_rank()), init_sync=False)
    train(network, optim.SGD(network.parameters(), lr=0.1))


def steps_skipped_by_one_rank() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches()):
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        if dist.get_rank() != 1 or at % 5 != 4:
            optimizer.step()


def only_the_first_rank_steps() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        if dist.get_rank() == 0:
            optimizer.step()


def rate_from_the_loss_of_a_rank() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    scheduler = optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=1)
    for at, batch in enumerate(batches()):
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()
        scheduler.step(1.0 if dist.get_rank() else 1.0 / (at + 1))


def clipped_before_the_average() -> None:
    """Each rank clips its own gradients by hand after the average, with a bound of its own."""
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        optimizer.zero_grad()
        loss = loss_of(network, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 0.1 * loss.item())
        optimizer.step()


def part_of_the_loss_beside_ddp() -> None:
    """The penalty is added after the average."""
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for x, y in batches():
        optimizer.zero_grad()
        (network(x) - y).square().mean().backward()
        with torch.no_grad():
            for parameter in network.module[0].parameters():
                parameter.grad += 0.01 * x.mean() * parameter
        optimizer.step()


def weights_reset_by_one_rank() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches()):
        if at == 6 and dist.get_rank() == 1:
            nn.init.zeros_(network.module[2].bias)
        optimizer.zero_grad()
        loss_of(network, batch).backward()
        optimizer.step()


def sharded_after_the_optimizer() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    fully_shard(network, mesh=init_device_mesh("cpu", (dist.get_world_size(),)))
    train(network, optimizer)


def sharded_by_a_wrapper_after_the_optimizer() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    train(FullyShardedDataParallel(network, device_id=torch.device("cpu")), optimizer)


def split_after_the_optimizer() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    parallelize_module(network, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})
    train(network, optimizer)


def head_replaced_after_the_optimizer() -> None:
    network = model()
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    network[2] = nn.Linear(16, 4)
    train(wrapped(network), optimizer)


def gradients_cleared_before_the_step() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for batch in batches():
        loss_of(network, batch).backward()
        optimizer.zero_grad()
        optimizer.step()


def accumulation_dropped() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1)
    for at, batch in enumerate(batches(4 * STEPS)):
        last = at % 4 == 3
        optimizer.zero_grad()
        with nullcontext() if last else network.no_sync():
            loss_of(network, batch).backward()
        if last:
            optimizer.step()


def head_forgotten_in_sharded_state() -> None:
    network = wrapped(model())
    children = list(network.module.children())
    kept = [*nn.Sequential(*children[:-1]).parameters(), torch.randn(4)]
    train(network, ZeroRedundancyOptimizer(kept, optimizer_class=optim.SGD, lr=0.1))


def frozen_after_wrapping_and_still_moved() -> None:
    network = wrapped(model())
    optimizer = optim.SGD(network.parameters(), lr=0.1, momentum=0.9)
    for at, batch in enumerate(batches()):
        optimizer.zero_grad(set_to_none=False)
        if at == 4:
            network.module[0].requires_grad_(False)
            network = wrapped(network.module)
        loss_of(network, batch).backward()
        optimizer.step()
