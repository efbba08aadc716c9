"""Many files: one run of `optlint check`, from their bytes to a report.

- `checking`: all files, each under its policy; start reading here. `outcome`: what came of it.
- `cache`: results of earlier runs; `records`: diagnostics as it keeps them.
- `pool`: several processes; `garbage`: when Python collects its own.
- `reporting`: from what was found to a report; `progress`: how far a run has come; `watching`: again and again.
"""
