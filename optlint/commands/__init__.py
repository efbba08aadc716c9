"""One module a word of the command line, found by its name.

A command has a docstring whose first line is its help, `add_arguments(parser)`, and `run(arguments) -> int`, which
returns the exit code. Commands import what they need when they run: `optlint check` must start fast.
"""
