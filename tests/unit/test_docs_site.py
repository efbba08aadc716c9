"""The pages of the site are those of the repository, without what only tests need."""

from __future__ import annotations

import json
import re
from pathlib import Path

from scripts.docs_site import LINK, _families, _settings, for_readers, write_pages

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


def test_what_pages_link_to_lies_beside_them(tmp_path: Path) -> None:
    write_pages(tmp_path)
    links = [
        (page.relative_to(tmp_path), link["path"])
        for page in tmp_path.rglob("*.md")
        for link in LINK.finditer(page.read_text(encoding="utf-8"))
    ]
    assert any(path.endswith(".png") for _, path in links)
    assert [(page, path) for page, path in links if not (tmp_path / page.parent / path).is_file()] == []


def test_each_page_has_its_place(tmp_path: Path) -> None:
    write_pages(tmp_path)
    pages = {page.relative_to(tmp_path).as_posix() for page in tmp_path.rglob("*.md")}
    assert set(re.findall(r"[\w/-]+\.md", json.dumps(_settings()["nav"]))) == pages
