"""Rates and other hyperparameters (OPT6), and the schedulers that change them.

`hyperparameters` and `first_group` see them written to the wrong place, `rates` beyond all reason. `schedulers` follows
which optimizer each one drives, `orphans` those that are left behind, `configured` those that Lightning gets; `doubled`
finds two for one optimizer, and `first_rates` knows how a schedule begins.
"""
