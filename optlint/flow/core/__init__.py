"""The interpreter itself; nothing in here knows a package beside it but `events` and `reading`.

`values` is what an expression can be, `cells` what stands behind a reference. `state` is what a program knows at one
point, kept in the `layers` of shared mappings and standing at one of the `acts`; `joining` makes one of several where
paths meet, by `choices` between iterators. `machine` runs nodes within a budget, and keeps `records` for the end.
"""
