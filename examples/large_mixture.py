"""About 5,000 parameters that take no memory: `optlint explain examples/large_mixture.py:build --report seen.html`."""

from __future__ import annotations

import torch
from torch import nn

WIDTH, LAYERS, EXPERTS, WORDS = 1024, 25, 64, 64_000


class Expert(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate_proj = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.up_proj = nn.Linear(WIDTH, WIDTH // 2, bias=False)
        self.down_proj = nn.Linear(WIDTH // 2, WIDTH, bias=False)


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.input_norm = nn.RMSNorm(WIDTH)
        self.router = nn.Linear(WIDTH, EXPERTS, bias=False)
        self.experts = nn.ModuleList(Expert() for _ in range(EXPERTS - 2))
        self.shared = [Expert(), Expert()]  # a plain list, which `parameters()` does not see


class Mixture(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed_tokens = nn.Embedding(WORDS, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = nn.RMSNorm(WIDTH)
        self.lm_head = nn.Linear(WIDTH, WORDS, bias=False)


def build():
    """The model and its optimizer; the first layers are frozen."""
    with torch.device("meta"):
        model = Mixture()
    model.layers[:4].requires_grad_(False)
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in named if p.ndim > 1 and "router" not in name], "weight_decay": 0.1},
        {"params": [p for name, p in named if p.ndim < 2], "weight_decay": 0.0},
        {"params": [p for name, p in named if "router" in name], "lr": 1e-3},
    ]
    return model, torch.optim.AdamW(groups, lr=3e-4)
