"""Who belongs to whom (OPT4).

`held` and `loose` find modules and tensors that nothing registers, `late` layers that `forward` makes; `contents` and
`fates` tell what code does with the attribute. `owned` keeps what each optimizer has, `stale` sees it replaced,
`freezing` and `frozen` see gradients switched off, `averages` and `loaded` models and states that are another's, and
`criteria` losses with parameters that no optimizer has.
"""
