"""One-shot iterators (OPT1).

`consumption` knows who `draws` from them, `wrappers` those over others (`filter`, `zip`). `holdings` tells of which
models a value holds parts, `takings` of which it has all that can be trained; `branches` of what happens again each
time that a branch is taken, `trails` of how a use was come to. `births`, `changes` and `mendable` tell whether a list
in their place would do what was meant.
"""
