"""Tensors and parameters (OPT2): how they come into being, and what gradients reach.

`tensors` makes them, `tensor_calls`, `model_calls` and `tensor_methods` compute with them, `extremes` finds the largest
of them, `grad_mode` and `leaves` know when autograd records, `batches` and `targets` what comes from data.
`tensor_uses`, `rebinding` and `group_tensors` see them taken for what they are not; `recipes` tells how one could have
been made instead.
"""
