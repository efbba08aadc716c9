"""The language server: what editors are told while code is written; only `optlint server` loads it."""
