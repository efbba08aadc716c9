"""The abstract interpreter: what source code does to iterators, tensors, modules and optimizers."""
