"""One source: from its text to diagnostics.

- `linter`: source -> diagnostics; `judging`: what the engine tells, the checks judge.
- `runs`: what one run of the engine tells of a file, and of others whose functions it calls.
- `suppress`: comments that silence; `unused`: those that silence nothing; `baseline`: what is known already.
"""
