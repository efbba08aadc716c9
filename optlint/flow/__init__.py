"""The abstract interpreter: what source code does to iterators, tensors, modules and optimizers.

Where to look, from the file to the events:

- Reading: `texts`, `ir` (the language that is run), made from libcst by `lower`, `cst_expressions`, `cst_words`, or
  from `ast` by `lower_ast`; `outline`, `project`, `imports`, `foreign`, `project_keys` for the other files.
- The core: `machine`, `state`, `layers`, `values`, `analysis`, `life` (what is run in which order), `relevance`.
- Python: `statements`, `assignment`, `expressions`, `subscripts`, `comprehensions`, `calls`, `inlining`,
  `builtin_calls`, `methods`, `objects`, `attributes`, `classes`, `kinds`, `containers`, `copies`, `sets`, `claims`,
  `readings`.
- Iterators (OPT1): `consumption`, `wrappers`, `choices`; `births`, `changes`, `written`, `mendable` tell if a fix fits.
- Tensors (OPT2): `tensors`, `tensor_*`, `grad_mode`, `leaves`, `rebinding`, `recipes`, `group_tensors`.
- Groups (OPT3): `optimizers`, `wrong_arguments`, `covers`, `slices`, `modules`, `growth`, `indices`, `counters`,
  `group_keys`, `group_writes`, `empty_groups`, `parameter_names`.
- Who belongs to whom (OPT4): `freezing`, `held`, `loose`, `late`, `contents`, `fates`, `owned`, `stale`, `frozen`,
  `averages`, `loaded`.
- The order of a step (OPT5): `trace` (a graph of acts), `subjects`, `gradients`, `unknown_code`; judged by `rounds`,
  `dropped`, `clipping`, `rebuilt`, `closures`, `uncalled`, `steps`, `losses`.
- Rates (OPT6): `hyperparameters`, `first_group`, `rates`, `schedulers`, `scheduler_values`, `first_rates`.
- PyTorch as data: `torch_api`, `torch_layers`, `torch_tensors`, `torch_schedules`.
- What checks are told: `events`, and `belongings`, `loop_events`, `round_events`, which it takes in.
"""
