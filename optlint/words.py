"""Literals that several rules ask for before a file is read: see `Rule.needs`."""

from __future__ import annotations

# One of them is in every file that makes an optimizer which `flow/torch_api.py` knows, or is given one. Those that the
# configuration knows are added by `policy.py`.
OPTIMIZERS = (
    *(".optim", "optim.", "import optim", "ptimizer", "param_group"),
    *("Adam", "Adaf", "AdaB", "SGD", "Lion", "Lamb", "LAMB", "Muon", "Prodigy", "MADGRAD", "CAME"),
)
# One of them is in every file that asks a module for its parameters or for other modules.
MODULE_ITERATORS = (".parameters", "named_parameters", "children", "modules(", "buffers(")
# One of them is in every file that trains something, whoever made it.
TRAINING = (*OPTIMIZERS, *MODULE_ITERATORS, "backward", "zero_grad", ".grad")
