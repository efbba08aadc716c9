"""What people get: `report` is the result of an audit, `tables` and `summary` its text.

`choice` leaves out what was not asked for; `explaining` tells of an optimizer without a run, `explaining_files` of one
that somebody's own function builds.
"""
