"""The order of a training step (OPT5).

`trace` is a graph of acts on gradients, told by `gradients`, `steps` and `losses`; `subjects` says whose gradients an
act is about, `unknown_code` what unseen code may have done. When a file has been run, `rounds`, `dropped`, `clipping`
and `rebuilt` judge the graph; `closures` and `uncalled` judge single calls. `lightning` knows whose loop it is.
"""
