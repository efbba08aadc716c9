"""What is watched while a program trains: as little as possible at each step, everything now and then.

`watch` is the wiring, `handlers` says what happens then, and `steps` counts after each step; `rewrapping` keeps
torch telling of them. `strict` wraps iterators if that was asked for.
"""
