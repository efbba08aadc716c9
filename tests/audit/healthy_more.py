"""Healthy programs of many kinds: research code in a few lines each."""

from __future__ import annotations

import copy

import torch
from torch import nn, optim

from tests.audit.small import X, Y, mlp, train

x, y = X, Y


def swap_models_two_phase() -> None:
    a = mlp()
    oa = optim.Adam(a.parameters())
    train(a, oa, 10)
    b = mlp()
    ob = optim.Adam(b.parameters())
    train(b, ob, 10)
    train(a, oa, 5)


def noise_injection() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.01)
    for _ in range(40):
        for p in m.parameters():
            p.data.add_(torch.randn_like(p) * 1e-3)
        train(m, o, 1)


def dropblock_layerdrop() -> None:
    class N(nn.Module):
        def __init__(self):
            super().__init__()
            self.ls = nn.ModuleList([nn.Linear(4, 4) for _ in range(6)])
            self.o = nn.Linear(4, 2)

        def forward(self, x):
            for layer in self.ls:
                if torch.rand(()) < 0.5:
                    x = layer(x)
            return self.o(x)

    m = N()
    o = optim.Adam(m.parameters())
    train(m, o, 80)


def byol() -> None:
    online = mlp()
    target = copy.deepcopy(online)
    for p in target.parameters():
        p.requires_grad = False
    pred = nn.Linear(2, 2)
    o = optim.SGD([*online.parameters(), *pred.parameters()], lr=0.1)
    for _ in range(30):
        o.zero_grad()
        loss = ((pred(online(x)) - target(x).detach()) ** 2).mean()
        loss.backward()
        o.step()
        for t, s in zip(target.parameters(), online.parameters(), strict=False):
            t.data.mul_(0.99).add_(s.data, alpha=0.01)


def ppo() -> None:
    pi = mlp()
    v = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    o = optim.Adam([*pi.parameters(), *v.parameters()])
    for _ in range(8):
        with torch.no_grad():
            adv = y[:, 0] - v(x).squeeze(-1)
            old = torch.log_softmax(pi(x), -1)
        for _ in range(4):
            o.zero_grad()
            r = (torch.log_softmax(pi(x), -1) - old).exp()[:, 0]
            (-(r * adv).mean() + v(x).square().mean()).backward()
            nn.utils.clip_grad_norm_(pi.parameters(), 0.5)
            o.step()


def curriculum_heads() -> None:
    body = mlp()
    heads = nn.ModuleList(nn.Linear(2, 2) for _ in range(4))
    o = optim.Adam([*body.parameters(), *heads.parameters()])
    for e in range(4):
        for _ in range(20):
            o.zero_grad()
            heads[e](body(x)).square().mean().backward()
            o.step()


def pruned() -> None:
    from torch.nn.utils import prune

    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    prune.l1_unstructured(m[0], "weight", amount=0.5)
    train(m, o, 10)
    prune.remove(m[0], "weight")
    train(m, optim.SGD(m.parameters(), lr=0.1), 5)


def spectral_old() -> None:
    m = nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 8)), nn.ReLU(), nn.Linear(8, 2))
    o = optim.SGD(m.parameters(), lr=0.1)
    train(m, o, 10)


def weightnorm_old() -> None:
    m = nn.Sequential(torch.nn.utils.weight_norm(nn.Linear(4, 8)), nn.ReLU(), nn.Linear(8, 2))
    o = optim.SGD(m.parameters(), lr=0.1)
    train(m, o, 10)


def bn_eval_mix() -> None:
    m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    o = optim.SGD(m.parameters(), lr=0.1)
    for _ in range(5):
        m.train()
        train(m, o, 3)
        m.eval()
        with torch.no_grad():
            m(x)


def early_stop_restore() -> None:
    m = mlp()
    o = optim.Adam(m.parameters())
    best = None
    for _e in range(6):
        train(m, o, 3)
        best = copy.deepcopy(m.state_dict())
    m.load_state_dict(best)
    train(m, o, 3)


def opt_param_edit_byhand() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    train(m, o, 5)
    m[2] = nn.Linear(8, 2)
    o.param_groups[0]["params"] = list(m.parameters())
    train(m, o, 10)


def hooks_scale() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    for p in m.parameters():
        p.register_hook(lambda g: g * 0.5)
    train(m, o, 10)


def inplace_param_swap() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    for _ in range(10):
        train(m, o, 1)
        torch.nn.utils.vector_to_parameters(torch.nn.utils.parameters_to_vector(m.parameters()), m.parameters())


def deepensemble() -> None:
    ms = [mlp() for _ in range(3)]
    os = [optim.Adam(m.parameters()) for m in ms]
    for _ in range(10):
        for m, o in zip(ms, os, strict=False):
            train(m, o, 1)


def multi_loader_accum_nosync() -> None:
    m = mlp()
    o = optim.AdamW(m.parameters())
    for i in range(30):
        loss = ((m(x) - y) ** 2).mean() / 3
        loss.backward()
        if i % 3 == 2:
            nn.utils.clip_grad_norm_(m.parameters(), 1.0)
            o.step()
            o.zero_grad(set_to_none=False)


def ewc() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.05)
    train(m, o, 6)
    f = [torch.zeros_like(p) for p in m.parameters()]
    for i in range(16):
        o.zero_grad()
        ((m(x[i : i + 1]) - y[i : i + 1]) ** 2).mean().backward()
        for a, p in zip(f, m.parameters(), strict=False):
            a.add_(p.grad**2)
    o.zero_grad()
    train(m, o, 6)


def fisher_before_training() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.05)
    for i in range(16):
        o.zero_grad()
        ((m(x[i : i + 1]) - y[i : i + 1]) ** 2).mean().backward()
    train(m, o, 6)


def learned_loss_weights() -> None:
    m = mlp()
    s = nn.Parameter(torch.zeros(2))
    o = optim.Adam([{"params": m.parameters()}, {"params": [s], "lr": 1e-2}])
    for _ in range(10):
        o.zero_grad()
        (((m(x) - y) ** 2).mean() * torch.exp(-s[0]) + s.sum()).backward()
        o.step()


def criterion_own_opt() -> None:
    class C(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Parameter(torch.zeros(2))

        def forward(self, a):
            return (a - self.c).square().mean()

    m = mlp()
    c = C()
    o = optim.Adam(m.parameters())
    oc = optim.SGD(c.parameters(), lr=0.5)
    for _ in range(10):
        o.zero_grad()
        oc.zero_grad()
        c(m(x)).backward()
        o.step()
        oc.step()


def center_loss_by_hand() -> None:
    class C(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Parameter(torch.ones(2))

        def forward(self, a):
            return (a - self.c).square().mean()

    m = mlp()
    c = C()
    o = optim.Adam(m.parameters())
    for _ in range(10):
        o.zero_grad()
        c.zero_grad()
        c(m(x)).backward()
        o.step()
        with torch.no_grad():
            c.c.sub_(0.5 * c.c.grad)


def perceptual_trainmode() -> None:
    vgg = mlp()
    m = mlp()
    o = optim.Adam(m.parameters())
    for _ in range(10):
        o.zero_grad()
        ((vgg(m(x) @ torch.ones(2, 4))) ** 2).mean().backward()
        o.step()


def discriminator_warm() -> None:
    g = nn.Linear(3, 4)
    d = nn.Linear(4, 1)
    og = optim.Adam(g.parameters())
    od = optim.Adam(d.parameters())
    for i in range(30):
        od.zero_grad()
        d(g(torch.randn(8, 3)).detach()).mean().backward()
        od.step()
        if i > 20:
            og.zero_grad()
            (-d(g(torch.randn(8, 3)))).mean().backward()
            og.step()


def vae_kl_anneal() -> None:
    e = nn.Linear(4, 4)
    de = nn.Linear(2, 4)
    o = optim.Adam([*e.parameters(), *de.parameters()])
    for i in range(20):
        o.zero_grad()
        mu, lv = e(x).chunk(2, -1)
        z = mu + torch.randn_like(mu) * (lv / 2).exp()
        (((de(z) - x) ** 2).mean() + i / 20 * (mu**2).mean()).backward()
        o.step()


def rnn_tbptt() -> None:
    r = nn.LSTM(4, 8, batch_first=True)
    h = nn.Linear(8, 2)
    o = optim.Adam([*r.parameters(), *h.parameters()])
    st = None
    for _ in range(12):
        out, st = r(x[None], st)
        st = tuple(s.detach() for s in st)
        o.zero_grad()
        h(out).mean().backward()
        o.step()


def ddp_like_average() -> None:
    ms = [mlp() for _ in range(2)]
    ms[1].load_state_dict(ms[0].state_dict())
    o = optim.SGD(ms[0].parameters(), lr=0.1)
    for _ in range(10):
        for m in ms:
            m.zero_grad()
            ((m(x) - y) ** 2).mean().backward()
        for a, b in zip(ms[0].parameters(), ms[1].parameters(), strict=False):
            a.grad.add_(b.grad).div_(2)
        o.step()
        ms[1].load_state_dict(ms[0].state_dict())


def frozen_bn_params_groups() -> None:
    m = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    m[1].requires_grad_(False)
    o = optim.AdamW(
        [
            {"params": [p for p in m.parameters() if p.ndim > 1], "weight_decay": 0.1},
            {"params": [p for p in m.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
    )
    train(m, o, 20)


def differentiable_opt() -> None:
    m = mlp()
    optim.SGD([p.clone() for p in m.parameters()], lr=0.1, differentiable=True)


def cell_of_a_notebook() -> None:
    lines = (
        "import torch",
        "m = torch.nn.Linear(4, 2)",
        "o = torch.optim.SGD(m.parameters(), lr=0.1)",
        "for _ in range(6):",
        "    o.zero_grad()",
        "    m(torch.randn(3, 4)).sum().backward()",
        "    o.step()",
    )
    exec(compile("\n".join(lines), "<ipython-input-3-abc>", "exec"), {})


def zero_init_residual() -> None:
    m = mlp()
    nn.init.zeros_(m[2].weight)
    nn.init.zeros_(m[2].bias)
    o = optim.SGD(m.parameters(), lr=0.1)
    train(m, o, 20)


def tiny_lr_head_only() -> None:
    m = mlp()
    o = optim.Adam([{"params": m[0].parameters(), "lr": 0.0}, {"params": m[2].parameters()}], lr=1e-3)
    train(m, o, 30)


def grads_none_some_steps() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    for i in range(30):
        o.zero_grad()
        if i % 2:
            ((m(x) - y) ** 2).mean().backward()
        o.step()


def hyper_grad_on_inputs_saved() -> None:
    m = mlp()
    o = optim.SGD(m.parameters(), lr=0.1)
    z = torch.randn(16, 4, requires_grad=True)
    for _ in range(20):
        o.zero_grad()
        m(z).sum().backward()
        o.step()
        z.grad = None
