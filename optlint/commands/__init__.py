"""One module a word of the command line, found by its name; the first line of its docstring is its help.

A command has `OPTIONS` and `USAGE`, and `run(arguments) -> int`, which returns the exit code. One that runs someone
else's program has `main(words) -> int` instead, reads its arguments itself, and lets exceptions through. Commands
import what they need when they run: `optlint check` must start fast.
"""
