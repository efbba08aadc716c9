"""Start a new rule: its page, its check and its cases, as skeletons whose tests fail until you fill them in.

python scripts/new_rule.py OPT209 shadowed-parameter [--event AttributeSet]
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = """# {code} {name}

Say in one sentence what is wrong.

## What it finds
Say which code is reported, and where the diagnostic stands.

## Why it is bad
Say what PyTorch does with it, and let a block that runs prove it.

```python {{.run}}
import torch

assert torch is None, "show here what really happens"
```

## Example
```python
import torch

wrong = torch  # error
```

## Use instead
What `--fix` makes of the block above; without a fix, take the word behind `python` away.

```python {{.fixed}}
import torch

right = torch
```

## Limits
Show wrong code that is not found yet, without a mark.
"""

CHECK = '''"""{code} {name}: say in one line what is wrong."""

from __future__ import annotations

from optlint.rule import Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.diagnostic import Diagnostic
    from optlint.flow.events import {event}

rule = Rule("{code}", "{name}", "say in one line what is wrong", needs=(("torch",),))


@rule.check
def {function}(event: {event}) -> Iterator[Diagnostic]:
    """Say which events are wrong."""
    if event is None:  # the condition; facts are in the event, `None` means "cannot tell", so be silent
        yield rule.at(event.site, "say what happens, then why, in words of the user's code")
'''

LOOK_ALIKES = """# {code}: look-alikes that stay silent

## Say what makes it right
```python
import torch

right = torch
```
"""

FOUND = """# {code}: the shapes it takes

## Say what is special here
```python
import torch

wrong = torch  # error
```
"""


def skeleton(code: str, name: str, event: str) -> dict[str, str]:
    """The new files, by path."""
    function = name.replace("-", "_")
    texts = {
        f"rules/{code}-{name}.md": PAGE,
        f"optlint/checks/{code.lower()}_{function}.py": CHECK,
        f"tests/cases/{code}/look_alikes.md": LOOK_ALIKES,
        f"tests/cases/{code}/found.md": FOUND,
    }
    return {path: text.format(code=code, name=name, function=function, event=event) for path, text in texts.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files of a new rule below the current folder; never overwrite one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("code", help="OPT and three digits; the first is the family")
    parser.add_argument("name", help="kebab-case, says what is wrong")
    parser.add_argument("--event", default="AttributeSet", help="what the check judges: a class of optlint.flow.events")
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"OPT[1-8]\d\d", options.code) or not re.fullmatch(r"[a-z]+(-[a-z]+)+", options.name):
        parser.error("give a code such as OPT209 and a name such as shadowed-parameter")
    if taken := [*Path("rules").glob(f"{options.code}-*.md"), *Path("rules").glob(f"OPT???-{options.name}.md")]:
        parser.error(f"taken: {taken[0]}")
    files = skeleton(options.code, options.name, options.event)
    for path, text in files.items():
        _write(Path(path), text)
    print("Fill in, in this order:", *files, "then run: python scripts/rules_table.py", sep="\n  ")
    return 0


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
