"""The pages of the site are those of the repository, without what only tests need."""

from __future__ import annotations

from pathlib import Path

from scripts.docs_site import _families, for_readers

PAGE = """# OPT999 a-page

```python {.setup}
import torch

x = 1
```

```python {.run raises=ValueError}
assert x
```
"""


def test_what_only_tests_need_is_taken_off() -> None:
    shown = for_readers(PAGE)
    assert '??? note "What the examples start from"\n    ```python\n    import torch\n\n    x = 1\n    ```\n' in shown
    assert "```python\nassert x\n```" in shown
    assert "{" not in shown


def test_each_rule_has_its_place() -> None:
    listed = {
        Path(page).name for family in _families() for rules in family.values() for one in rules for page in one.values()
    }
    assert listed == {path.name for path in Path("rules").glob("OPT*.md")}
