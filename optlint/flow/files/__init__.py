"""The other files of a project, read when a name of theirs is asked for.

`project` finds the file of an import, `imports` gives what stands there and keeps it as `defined`, `foreign` decides
which functions are worth running, `templates` which inherited methods are, `tables` which dicts are known in whole, and
`project_keys` knows which keys of param groups any file reads. `around` tells which files there are, `written_imports`
what each of them imports, and `importers` which call the functions of a file.
"""
