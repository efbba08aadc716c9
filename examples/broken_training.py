"""Fine-tune a small classifier with a learned prompt; it runs, prints falling losses, and is broken in five places."""

import torch
from torch import nn, optim
from torch.nn import functional


def build_model() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.Conv2d(8, 16, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 10),
    )


def main() -> None:
    torch.manual_seed(0)
    model = build_model()
    prompt = torch.randn(3, 32, 32)

    backbone = nn.Sequential(*list(model.children())[:-1]).parameters()
    head = model[-1].parameters()
    print("weights in the backbone:", sum(p.numel() for p in backbone))

    optimizer = optim.SGD(
        [
            {"params": backbone, "lr": 0.001},
            {"params": head, "lr": 0.1},
            {"params": prompt, "lr": 0.01},
        ],
        momentum=0.9,
    )

    for step in range(20):
        images, labels = torch.randn(16, 3, 32, 32), torch.arange(16) % 10
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(images + prompt), labels)
        loss.backward()
        optimizer.step()
        if step % 5 == 0:
            print(f"step {step}: loss {loss.item():.3f}")

    for param in head:
        print("head:", tuple(param.shape), f"{param.norm().item():.3f}")

    for index, group in enumerate(optimizer.param_groups):
        for param in group["params"]:
            if param.grad_fn is not None:
                print(f"group {index} is part of the graph")
            for row in param:
                if row.grad is not None:
                    print(f"group {index}: {row.grad.norm().item():.3f}")


if __name__ == "__main__":
    main()
