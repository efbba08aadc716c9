"""What is watched while a program trains: as little as possible at each step, everything now and then.

`watch` is the wiring, `handlers` says what happens then, and `steps` counts after each step. `strict` wraps iterators
if that was asked for.
"""
