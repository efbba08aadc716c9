"""The language server: what editors are told while code is written; only `optlint server` loads it.

From the wire to the linter and back:

- `features` says which request is answered by what; `server` holds what belongs to one client, `client` and `settings`
  what that can do and wants; `protocol` keeps documents out of pygls, which would lose count of their lines.
- `texts`, `drafts`: documents as editors edit them; a draft is what is linted as one: a file, all cells of a notebook.
- `looks`: what the linter says of a draft; `neighbours`: the other files, saved or not; `shifting`: what was said
  before, while code is half-typed. `bench` looks in another thread, `unopened` at files that are not open.
- `telling`, `actions`, `editing`, `hovers`, `hints`: diagnostics, fixes and what the engine knows, in words of the
  protocol; `insight` asks the engine for what no rule tells.
"""
