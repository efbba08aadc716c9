"""Several processes that train one model: who holds a copy of what, and whether the copies are still the same.

Opt-in (`check_replicas=N`). No collective is called and nothing waits for another process:

- `replicas`: which parameters are copies by intent: wrapped by DistributedDataParallel, or gradients averaged.
- `fingerprints`: a few numbers that tell one parameter's values from another's.
- `check`: the hook after steps that takes them every N steps.
- `messages`: what a rank says of one check, as bytes; `courier`, a thread, leaves them in the process group's store and
  reads those of others; a `channel` keeps what each rank has said of one set of copies.
- `comparison`: from the messages of all ranks to the first difference; `verdicts`: what is told of it.
"""
