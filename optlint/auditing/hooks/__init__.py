"""What is watched while a program trains: as little as possible at each step, everything now and then.

`watch` is the wiring and `patches` how torch is changed and put back; `handlers` says what happens then. `steps` counts
after each step, and `looks` at parameters where a look is due, with `movement` and `norms`. `graph` finds the leaves
that a loss reaches, `registrations` notes who registered what, `strict` wraps iterators if that was asked for.
"""
