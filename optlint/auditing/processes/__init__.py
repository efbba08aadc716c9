"""One program, its child processes and its ranks: who is watched, and what each leaves behind.

`run` is `optlint run`: `program` runs the user's code as Python would, `plan` tells child processes what to watch,
which `children` begins there; `process` is the audit of one process, begun when `arrival` sees torch come. `journal`
is what each writes down; `gather`, `merge` and `meeting` make one report of all, with the `differences` between ranks;
`read` does so later for `optlint report`. `report_files` knows what the names of report files mean. `explaining_files`
is `optlint explain`, of what somebody's function has `built`.
"""
