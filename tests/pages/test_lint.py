"""The page runner's way to the linter: configuration, prefilter and several files."""

from __future__ import annotations

import pytest

from optlint.batch.outcome import FileResult
from optlint.batch.policies import Policies
from optlint.own_rules import all_rules
from optlint.settings.selection import Selection
from tests.pages import lint
from tests.pages.lint import fix_case, lint_case, never_asked
from tests.pages.page import read_page

REUSED = """\
from torch import nn, optim

model = nn.Linear(2, 2)
params = model.parameters()
count = sum(p.numel() for p in params)
optimizer = optim.SGD([{"params": params}], lr=0.1)
"""


@pytest.fixture
def only_case(tmp_path):
    def read(text, name="OPT101-x.md"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        (case,) = read_page(path)
        return case

    return read


def said(case):
    return [(one.code, one.severity.value, one.span.filename, one.span.row) for one in lint_case(case)]


def test_a_rule_that_was_not_asked_is_named(only_case):
    assert list(never_asked(only_case(f"```python\n{REUSED}```\n"))) == []
    case = only_case("```python\nx = 1  # error\n```\n")
    assert list(never_asked(case)) == [
        f"OPT101 was not asked about {case.main.name}: what its rule `needs` does not occur there"
    ]


def test_a_block_is_linted_as_a_file(only_case):
    assert said(only_case(f"```python\n{REUSED}```")) == [("OPT101", "error", "main.py", 6)]


def test_siblings_are_linted_too(only_case):
    case = only_case(f"```python {{file=pkg/utils.py}}\n{REUSED}```\n```python {{as=train.py}}\nimport pkg.utils\n```")
    assert said(case) == [("OPT101", "error", "pkg/utils.py", 6)]


def test_configuration_holds_for_the_blocks_below(only_case):
    config = '```toml {.config}\nseverity = { OPT101 = "warning" }\n```\n'
    assert said(only_case(f"{config}```python\n{REUSED}```")) == [("OPT101", "warning", "main.py", 6)]


def test_configuration_ends_with_its_section(only_case):
    config = '## A\n```toml {.config}\nignore = ["ALL"]\n```\n## B\n'
    assert len(said(only_case(f"{config}```python\n{REUSED}```"))) == 1


@pytest.fixture
def use_rules(monkeypatch):
    """A function that lints with the rules changed by it."""

    def use(change):
        registry = all_rules()
        rules = {code: change(rule) for code, rule in registry.rules.items()}
        changed = registry._replace(rules=rules)
        monkeypatch.setattr(lint, "_policies", lambda code: Policies(Selection(extend_select=(code,)), changed))

    return use


def test_a_rule_that_is_off_runs_on_its_own_page(only_case, use_rules):
    use_rules(lambda rule: rule._replace(enabled=False))
    assert said(only_case(f"```python\n{REUSED}```", "OPT302-x.md")) == []
    assert len(said(only_case(f"```python\n{REUSED}```"))) == 1


def test_a_rule_whose_own_literals_are_absent_is_silent(only_case, use_rules):
    use_rules(lambda rule: rule._replace(needs=(("never there",),)))
    assert said(only_case(f"```python\n{REUSED}```")) == []


def test_a_crash_of_the_engine_is_an_error(only_case, monkeypatch):
    crashed = FileResult("main.py", crash="NameError: x")
    monkeypatch.setattr(lint, "check_file", lambda *_: crashed)
    with pytest.raises(lint.LintError, match="the engine crashed: NameError: x"):
        lint_case(only_case(f"```python\n{REUSED}```"))


def test_a_file_without_torch_is_turned_away_unread(only_case):
    assert said(only_case("```python\nprint 'words'\n```")) == []
    assert said(only_case("```python\nimport torch\nprint 'a.parameters'\n```")) == [("OPT900", "error", "main.py", 2)]


NOTEBOOK = """\
```python {.setup}
from torch import nn, optim
```

## Cells
```python {.notebook}
model = nn.Linear(2, 2)
# %% [markdown]
Words, and `params`.
# %%
params = model.parameters()
%time count = sum(p.numel() for p in params)
# %%

optimizer = optim.SGD([{"params": params}], lr=0.1)
```
"""


def test_a_notebook_is_linted_by_its_cells(only_case):
    assert said(only_case(NOTEBOOK.replace("%time ", ""))) == [("OPT101", "error", "main.ipynb", 10)]


def test_magics_in_a_notebook_are_no_mistake(only_case):
    assert said(only_case(NOTEBOOK)) == []


def test_a_fix_is_applied_to_the_block(only_case):
    case = only_case(f"```python\n{REUSED}```")
    assert fix_case(case, unsafe=False) == REUSED.replace("model.parameters()", "list(model.parameters())")
