"""One source: from its text to diagnostics.

- `linter`: source -> diagnostics; `judging`: what the engine tells, the checks judge.
- `suppress`: comments that silence; `unused`: those that silence nothing; `baseline`: what is known already.
"""
