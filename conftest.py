"""Makes pytest run the rule pages; it stands here so that `pytest rules/OPT101-….md` works too."""

pytest_plugins = ["pytester", "tests.pages.plugin"]
