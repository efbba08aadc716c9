"""Several processes that train one model: who holds a copy of what, and whether the copies are still the same.

Opt-in (`check_replicas=N`). No collective is called and nothing waits for another process:

  replicas.py      which parameters are copies by intent: wrapped by DistributedDataParallel, or gradients averaged
  fingerprints.py  a few numbers that tell one parameter's values from another's
  messages.py      what a rank says of one check, as bytes
  courier.py       a thread that leaves such messages in the process group's store and reads those of others
  comparison.py    from the messages of all ranks to the first difference
  check.py         the hook after steps that does it every N steps
"""
