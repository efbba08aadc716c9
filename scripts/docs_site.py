"""Builds the documentation as a site: the README, the guides in `docs/`, and a page for each rule.

    pip install '.[docs]' && python scripts/docs_site.py        # writes build/docs/site
    python scripts/docs_site.py --serve                         # shows it, too

The pages are the files of the repository, under the same names, so that their links hold. What only the tests need to
know (`{.run}`, `{.setup}`) is taken off their code blocks.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "docs"
FENCE = re.compile(r"^```(?P<language>\w+) \{(?P<words>[^}]*)\}$")
FAMILY = re.compile(r"^## (?P<title>.+)$|^\| \[(?P<rule>OPT\d+ [\w-]+)\]\((?P<page>[\w-]+\.md)\)", re.MULTILINE)
LINK = re.compile(r"\]\((?P<path>[\w./-]+\.\w+)[#)]")
GUIDES = ("tutorial", "audit", "picture", "distributed", "output")
FEATURES = ["navigation.sections", "navigation.top", "content.code.copy", "search.highlight", "toc.follow"]
EXTENSIONS = ["admonition", "pymdownx.details", "pymdownx.superfences", "pymdownx.highlight", "tables"]
PALETTE = [
    {"scheme": "default", "media": "(prefers-color-scheme: light)", "toggle": {"icon": "lucide/sun", "name": "Dark"}},
    {"scheme": "slate", "media": "(prefers-color-scheme: dark)", "toggle": {"icon": "lucide/moon", "name": "Light"}},
]


def main() -> int:
    """Writes the sources and the settings of the site, and builds it."""
    options = _options()
    shutil.rmtree(BUILD, ignore_errors=True)
    write_pages(BUILD / "pages")
    # JSON is YAML, too.
    (BUILD / "mkdocs.yml").write_text(json.dumps(_settings(), indent=1), encoding="utf-8")
    words = ["serve"] if options.serve else ["build", "--clean"]
    command = [sys.executable, "-m", "zensical", *words, "-f", "mkdocs.yml"]
    return subprocess.run(command, cwd=BUILD, check=False).returncode


def write_pages(folder: Path) -> None:
    """Writes all pages below a folder, and beside them the pictures and other files that they link to."""
    for page in _pages():
        text = (ROOT / page).read_text(encoding="utf-8")
        target = folder / page
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(for_readers(text), encoding="utf-8")
        for linked in _linked_files(page, text):
            copy = folder / linked
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / linked, copy)


def _linked_files(page: Path, text: str) -> Iterator[Path]:
    """Files of the repository that a page links to and that are no pages themselves."""
    for link in LINK.finditer(text):
        path = (ROOT / page.parent / link["path"]).resolve()
        if path.is_file() and path.suffix != ".md":
            yield path.relative_to(ROOT)


def for_readers(text: str) -> str:
    """A page without what is only there for tests."""
    lines = iter(text.split("\n"))
    return "\n".join(shown for line in lines for shown in _shown(line, lines))


def _shown(line: str, rest: Iterator[str]) -> Iterator[str]:
    fence = FENCE.match(line)
    if not fence:
        yield line
        return
    folded = ".setup" in fence["words"]
    if folded:
        yield '??? note "What the examples start from"'
    block = [f"```{fence['language']}", *iter(rest.__next__, "```"), "```"]
    yield from (f"    {inner}" if folded and inner else inner for inner in block)


def _pages() -> Iterator[Path]:
    yield from (Path(name) for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
    for folder in ("docs", "rules"):
        yield from (path.relative_to(ROOT) for path in sorted((ROOT / folder).rglob("*.md")))


def _settings() -> dict[str, object]:
    return {
        "site_name": "optlint",
        "site_description": "Does my optimizer really train the parameters I think it trains?",
        "docs_dir": "pages",
        "site_dir": "site",
        # No fonts from elsewhere: the site loads nothing that does not lie beside it.
        "theme": {"name": "material", "font": False, "features": FEATURES, "palette": PALETTE},
        "markdown_extensions": EXTENSIONS,
        "nav": [
            {"Start": "README.md"},
            {"Guides": [f"docs/{guide}.md" for guide in GUIDES]},
            {"Editors": ["docs/editors.md", *(page.as_posix() for page in _pages() if page.parent.name == "editors")]},
            {"Rules": [{"All rules": "rules/README.md"}, *_families()]},
            {"Contributing": "CONTRIBUTING.md"},
            {"Changes": "CHANGELOG.md"},
        ],
    }


def _families() -> list[dict[str, list[dict[str, str]]]]:
    """The rules by family, in the order of the table."""
    families: list[dict[str, list[dict[str, str]]]] = []
    for found in FAMILY.finditer((ROOT / "rules" / "README.md").read_text(encoding="utf-8")):
        if found["title"]:
            families.append({found["title"]: []})
        else:
            next(iter(families[-1].values())).append({found["rule"]: f"rules/{found['page']}"})
    return families


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serve", action="store_true", help="show the site, and build it anew after each change")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
