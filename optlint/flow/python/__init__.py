"""What the constructs and the built-ins of Python do.

`statements`, `assignment`, `expressions`, `subscripts` and `comprehensions` run a node each. `calls` finds out what
is called: the project's own code is run by `inlining`, also behind `decorators`, in `generators` and in the `contexts`
of `with`, built-ins by `builtin_calls`, methods by `methods`, `copies`, `sets` and `sums`. `objects`, `attributes`,
`classes` and `containers` hold what is stored where. `kinds` reads annotations and tests, `shown_around` what stands
near a line, `claims` what an assertion shows of the author's intent.
"""
