"""Whether fixes change nothing but what they mend: real files, into each of which a mistake is put.

    python benchmarks/exact_fixes.py FOLDER [FOLDER ...]

A mistake is put between two statements of a file, or at the end of a notebook's cell, and the whole is spelled in one
of many ways: other line ends, byte order mark, encoding, tabs, indentation of JSON. Every byte must be as if the mended
lines had been put there. Where a rule offers no fix, because of what is around, no byte may change.
"""

from __future__ import annotations

import ast
import codecs
import json
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from optlint.batch.policies import Policies
from optlint.discovery.found import SourceFile
from optlint.fixes.mending import Mending, mend
from optlint.settings.config import Config
from optlint.settings.selection import Selection

LAYER = "import torch as _t\n_layer = _t.nn.Linear(2, 2)\n"
MISTAKES = {
    "OPT101": LAYER + "_all = _layer.parameters()\nlist(_all)\n_opt = _t.optim.SGD([{'params': _all}], lr=0.1)\n",
    "OPT201": "import torch as _t\n_noise = _t.randn(\n\t3,\n)\n_opt = _t.optim.SGD([_noise], lr=0.1)\n",
    "OPT205": "import torch as _t\nclass _Net(_t.nn.Module):\n\tdef __init__(self):\n\t\tsuper().__init__()\n"
    "\t\tself.gain = _t.nn.Parameter(_t.zeros(3)) * 2\n",
    "OPT207": LAYER + "_some = [_layer.weight]\n_rest = [p for p in _layer.parameters() if p not in _some]\n",
    "OPT301": LAYER + "_opt = _t.optim.SGD([{'params': _layer.parameters(), 'learning_rate': 0.1}], lr=0.1)\n",
    "OPT304": LAYER + "_opt = _t.optim.Adam(set(_layer.parameters()), lr=0.1)\n",
    "OPT404": LAYER + "_layer.requires_grad = False\n",
    "OPT901": "_x = 1  # optlint: ignore[OPT101] why\n",
}
MARK = codecs.BOM_UTF8
SPELLINGS: dict[str, Callable[[str], bytes]] = {
    "as it is": str.encode,
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "CRLF first": lambda text: text.replace("\n", "\r\n", 1).encode(),
    "byte order mark": lambda text: MARK + text.encode(),
    "latin-1": lambda text: f"# coding: latin-1\n# caf\xe9\n{text}".encode("latin-1"),
    "tabs": lambda text: text.replace("    ", "\t").encode(),
    "no final line end": lambda text: text.rstrip("\n").encode(),
    "form feed": lambda text: f"\f\n{text}".encode(),
}
POLICY = Policies(Selection()).of(Config())
LARGEST = 30_000  # bytes of a Python file; 100 times more of a notebook, which is mostly pictures


def mended(source: bytes, name: str) -> bytes:
    """What `--fix --unsafe-fixes` makes of a file."""
    done = mend(source, SourceFile(name, Config(), data=source), POLICY, Mending(unsafe=True, write=False))
    return source if done.data is None else done.data


def in_python(path: Path, chance: random.Random) -> Iterator[tuple[str, Callable[[str], bytes]]]:
    """One way to spell the file, as a function of what is put into it."""
    text = path.read_bytes().decode()
    if "\r" in text or text.startswith("\ufeff") or "coding" in text[:200]:
        return
    starts = [_first_row(statement) for statement in ast.parse(text).body[1:] if statement.col_offset == 0]
    future = text.rfind("\nfrom __future__")
    starts = [row for row in starts if future < 0 or row > text.count("\n", 0, future + 1) + 1]
    lines = text.split("\n")
    if starts and not lines[(row := chance.choice(starts)) - 2].endswith("\\"):
        above, below = "".join(f"{line}\n" for line in lines[: row - 1]), "\n".join(lines[row - 1 :])
        name, spell = chance.choice(list(SPELLINGS.items()))
        yield name, lambda part: spell(f"{above}{part}{below}")


def _first_row(statement: ast.stmt) -> int:
    return min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])


class Style(NamedTuple):
    """How a notebook is written."""

    in_lines: bool
    indent: int | str | None
    ascii_only: bool
    end: str


def in_notebook(path: Path, chance: random.Random) -> Iterator[tuple[str, Callable[[str], bytes]]]:
    """Several ways to spell the notebook."""
    document = json.loads(path.read_bytes())
    code = [(cell, "".join(cell["source"])) for cell in document["cells"] if cell["cell_type"] == "code"]
    fit = [(cell, text) for cell, text in code if "%%" not in text and text.strip()[-1:] not in ("\\", "?")]
    for _ in range(10 if fit else 0):
        cell, text = chance.choice(fit)
        indent, end = chance.choice([None, 0, 1, 2, "\t"]), chance.choice(["", "\n", "\r\n"])
        style = Style(chance.random() < 0.5, indent, chance.random() < 0.5, end)
        yield "notebook", partial(_notebook, document, cell, text, style)
        cell["source"] = text


def _notebook(document: dict[str, Any], cell: dict[str, Any], text: str, style: Style, part: str) -> bytes:
    source = f"{text}\n{part}".rstrip("\n")
    cell["source"] = source.splitlines(keepends=True) if style.in_lines else source
    return (json.dumps(document, indent=style.indent, ensure_ascii=style.ascii_only) + style.end).encode()


def verdicts(path: Path, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    """For each way to spell a file: the rule whose mistake was put into it, the way, and what came of it."""
    ways = in_notebook if path.suffix == ".ipynb" else in_python
    for way, spell in ways(path, chance):
        code, mistake = chance.choice(list(MISTAKES.items()))
        before, expected = spell(mistake), spell(mended(mistake.encode(), "mistake.py").decode())
        after = mended(before, f"file{path.suffix}")
        yield code, way, "exact" if after == expected else "untouched" if after == before else f"DIFFERENT: {path}"


def main(folders: list[str]) -> int:
    """Print how often what came of it; 1 if any other byte was changed."""
    warnings.simplefilter("ignore")
    chance = random.Random(0)
    counts: Counter[tuple[str, str]] = Counter()
    paths = [path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.suffix in (".py", ".ipynb")]
    for path in paths:
        try:
            if path.stat().st_size > LARGEST * (100 if path.suffix == ".ipynb" else 1):
                continue
            for code, way, verdict in verdicts(path, chance):
                counts.update([(code, verdict), (way, verdict)])
        except (ValueError, SyntaxError, KeyError, OSError):
            continue  # no Python, no notebook, or not in this encoding
    for (what, verdict), count in sorted(counts.items()):
        print(f"{count:6}  {what:18} {verdict}")
    return any(verdict.startswith("DIFFERENT") for _, verdict in counts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["."]))
