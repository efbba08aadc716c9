"""One module a rule: `opt101_reused_parameter_iterator.py` keeps what `rules/OPT101-….md` promises."""
