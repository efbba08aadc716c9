"""Many files: one run of `optlint check`, from their bytes to a report.

- `checking`: all files, start reading here; `checker`: each of them, under one of the `policies`; `outcome`: what came
  of it.
- `cache`: results of earlier runs; `records`: diagnostics as it keeps them; `digests`: short names for
  bytes.
- `pool`: several processes; `garbage`: when Python collects its own.
- `reporting`: from what was found to a report; `progress`: how far a run has come; `watching`: again and again.
"""
