"""The audit: what `optimizer.step()` really did to live parameters; the only place that knows torch.

- `api`: `optlint.audit` and `optlint.explain`; `session` is one audit from its start to its end, with
  its `options`. Start reading there.
- `hooks`: what is watched while a program trains; `instruments`: what looks at it; `memory`: what is known of it.
- `judges`: from what was seen to observations, which the checks make diagnostics of.
- `reports`: what people get.
- `processes`: `optlint run`, its child processes, and what they leave behind; `follow` is put before their code.
- `ranks`: several processes that train one model.
"""
