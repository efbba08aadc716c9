"""Training programs for the tests of `optlint run`; each prints a digest of all its state in the end."""

from __future__ import annotations

DIGEST = """\
    import hashlib, random
    import torch
    from torch import nn

    def digest(*modules):
        state = hashlib.sha256()
        for module in modules:
            for name, tensor in module.state_dict().items():
                state.update(name.encode() + tensor.numpy().tobytes())
            for parameter in module.parameters():
                grad = parameter.grad
                state.update(b"none" if grad is None else grad.numpy().tobytes())
                state.update(str((parameter._version, parameter.requires_grad)).encode())
        state.update(torch.get_rng_state().numpy().tobytes())
        state.update(str(random.getstate()).encode())
        return state.hexdigest()

    def seed_all(seed):
        torch.manual_seed(seed)
        random.seed(seed)

    def train(steps=30, lr=0.1, stop=None, seed=0):
        seed_all(seed)
        model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 2))
        optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for step in range(steps):
            if stop is not None and step == steps // 2:
                stop(model)
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(torch.randn(8, 4)), torch.randint(2, (8,)))
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        print(digest(model), flush=True)
        return model
    """

PLAIN = "from shared import *\nmodel = train()\n"

MANY = """\
    from shared import *
    seed_all(1)
    body, head, plain = nn.Linear(4, 8), nn.Linear(8, 2), nn.Parameter(torch.randn(2))
    ema = torch.optim.swa_utils.AveragedModel(body)
    makers = [
        lambda ps: torch.optim.SGD(ps, lr=0.1, momentum=0.9, nesterov=True),
        lambda ps: torch.optim.Adam(ps, lr=0.01, foreach=True),
        lambda ps: torch.optim.Adam(ps, lr=0.01, fused=True),
        lambda ps: torch.optim.RMSprop(ps, lr=0.01),
        lambda ps: torch.optim.LBFGS(ps, lr=0.1, max_iter=3),
    ]
    for make in makers:
        optimizer = make([*body.parameters(), *head.parameters(), plain])
        for step in range(12):
            def closure():
                optimizer.zero_grad(set_to_none=step % 2 == 0)
                loss = (head(body(torch.randn(8, 4)).relu()) * plain).pow(2).mean()
                loss.backward()
                return loss
            if isinstance(optimizer, torch.optim.LBFGS):
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            ema.update_parameters(body)
        print(type(optimizer).__name__, digest(body, head, ema), len(optimizer.state_dict()["state"]))
        print(sorted(optimizer.__dict__.keys() - {"_optlint"}), optimizer)
    """

LOADER = """\
    from shared import *
    from torch.utils.data import DataLoader, Dataset

    class Numbers(Dataset):
        def __len__(self):
            return 24
        def __getitem__(self, index):
            return torch.randn(4) + index, index % 2

    if __name__ == "__main__":
        import sys
        seed_all(0)
        model = nn.Linear(4, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loader = DataLoader(Numbers(), 4, shuffle=True, num_workers=2, multiprocessing_context=sys.argv[1])
        for epoch in range(2):
            for inputs, targets in loader:
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(inputs), targets).backward()
                optimizer.step()
        print(digest(model))
    """

CHILDREN = """\
    from shared import *
    import multiprocessing, os, sys

    def work(seed):
        train(seed=seed)
        sys.exit(seed)

    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[1])
        codes = []
        for seed in (1, 2):
            process = context.Process(target=work, args=(seed,))
            process.start()
            process.join()
            codes.append(process.exitcode)
        with context.Pool(2) as pool:
            print(codes, pool.map(abs, [-1, 2]))
    """

FORK = """\
    from shared import *
    import os
    model = train()
    if os.fork() == 0:
        train(seed=3)
    else:
        os.wait()
        train(seed=4)
    """

DISTRIBUTED = """\
    from shared import *
    import os
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    dist.init_process_group("gloo")
    seed_all(0)
    model = DistributedDataParallel(nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    torch.manual_seed(dist.get_rank())
    for step in range(10):
        optimizer.zero_grad()
        model(torch.randn(8, 4)).pow(2).mean().backward()
        optimizer.step()
    with open(f"digest{dist.get_rank()}", "w") as file:
        file.write(digest(model))
    dist.barrier()  # gloo may abort a process whose peer has left already
    del model, optimizer
    dist.destroy_process_group()
    """

SPAWNED = """\
    from shared import *
    import sys
    import torch.distributed as dist
    import torch.multiprocessing
    from torch.nn.parallel import DistributedDataParallel

    def work(rank, file):
        dist.init_process_group("gloo", rank=rank, world_size=2, init_method=f"file://{file}")
        model = DistributedDataParallel(nn.Linear(4, 2))
        optimizer = torch.optim.SGD([{"params": model.parameters()}, {"params": [torch.randn(3)]}], lr=0.1)
        for step in range(10):
            optimizer.zero_grad()
            model(torch.randn(8, 4)).pow(2).mean().backward()
            optimizer.step()
        dist.destroy_process_group()

    if __name__ == "__main__":
        torch.multiprocessing.start_processes(work, (sys.argv[1],), 2, start_method=sys.argv[2])
    """

BROKEN = """\
    import sys, time
    import torch
    from torch import nn

    model = nn.Linear(4, 2)
    params = model.parameters()
    count = sum(p.numel() for p in params)
    image = torch.randn(3, 4)
    optimizer = torch.optim.SGD([
        {"params": params},
        {"params": [image], "lr": 0.5},
    ], lr=0.1)
    for step in range(12):
        optimizer.zero_grad()
        model(torch.randn(8, 4)).pow(2).mean().backward()
        optimizer.step()
    print("trained", flush=True)
    time.sleep(float(*sys.argv[1:]))
    """
