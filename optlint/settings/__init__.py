"""What the user has chosen.

- `config`: `[tool.optlint]` as one value; `setting_up`: what `optlint init` writes.
- `selection`: which rules are on; `patterns`: for which paths, as in .gitignore.
- `prefilter`: files that cannot break any of these rules, told from their bytes.
- `policy`: all that holds while one file is linted.
"""
