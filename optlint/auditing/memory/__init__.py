"""What an audit knows, without keeping anything of the program alive.

`book` holds a record of each optimizer (`records`); `models` and `lineage` know names and origins, `sources` and
`wording` how the user's code chose the parameters of a group, `arguments` which iterators calls were given, `places`
where that stands, `reading` and `uses` what the source says of it. `samples` are what looks compare; `facts` and
`summaries` the plain values that remain.
"""
