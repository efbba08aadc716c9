"""What an audit knows, without keeping anything of the program alive.

`book` holds a record of each optimizer (`records`), with its `hyperparameters` and what of the model was `left_out`
frozen; `models`, `registrations` and `lineage` know names and origins. `sources` and `wording` know how the user's code
chose the parameters of a group, `arguments` which iterators calls were given, `watched` who used them up, `places`
where that stands, `reading` and `uses` what the source says of it. `samples` are what looks compare; `summaries` the
plain values that remain.
"""
