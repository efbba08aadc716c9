"""What people get: `report` is the result of an audit, made of plain `facts`; `tables` and `summary` are its text.

`choice` leaves out what was not asked for; `explaining` tells of an optimizer without a run.
"""
