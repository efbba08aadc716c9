"""Who belongs to whom (OPT4).

`held` and `loose` find modules and tensors that nothing registers, `late` layers that `forward` makes; `contents` and
`fates` tell what code does with the attribute. `stale` sees what an optimizer has replaced (`superseded`: whether
that goes on), `freezing` and `frozen` see gradients switched off, `thawed` on again, `averages` and `loaded` models
and states that are another's, and `criteria` losses with parameters that no optimizer has (`answers`: how a loss
comes to `backward`).

What no optimizer was given (`untrained`: whether surely nobody trains it): `left_out` sees parts between others that
were given by name, `passed_over` parameters that loops for weights and biases miss, `first_run` layers that come with
the first call, `too_late` groups in lists. `feeding` tells which parts of a model are computed from which, `ways` what
the names in that code stand for.
"""
