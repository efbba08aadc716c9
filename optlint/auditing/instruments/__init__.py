"""What is used to look at a program without disturbing it.

`looks` are at parameters where one is due, with `movement` and `norms`; `graph` finds the leaves that a loss reaches;
`patches` is how torch is changed and put back.
"""
