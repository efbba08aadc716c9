"""Optimizers, their param groups (OPT3), and the modules whose parameters these hold.

`optimizers` builds groups from a call, `wrong_arguments` sees what can't be one. `modules` and `growth` know the
layout of a module's parameters, `module_iterators` what it gives out, `slices`, `indices`, `counters`,
`parameter_names` and `picks` which of that are picked. `covers`, `empty_groups` and `layer_splits` judge what the
groups hold together, `sizes` counts it, `group_keys` and `group_writes` what is written beside it.
"""
