"""The interpreter itself.

`values` is what an expression can be, `state` what a program knows at one point, kept in the `layers` of shared
mappings. `machine` runs nodes within a budget, `life` decides what is run in which order: the module first, then the
functions and classes that nobody called; `worth` leaves out methods that have nothing to do with training.
"""
