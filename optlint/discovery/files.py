"""Which files to check: what the user named, and what lies in the folders that they named."""

from __future__ import annotations

import os
import stat

from optlint.discovery.found import Excluding, Missing, SourceFile
from optlint.settings.config import Config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from optlint.settings.config import Configs


def find_files(paths: Iterable[str], configs: Configs, excluding: Excluding) -> Iterator[SourceFile | Missing]:
    """The files to check in the order of `paths`, folders by name, each file once."""
    seen: set[str] = set()
    for path in paths:
        for found in _find(path, configs, excluding):
            absolute = os.path.abspath(found.path)
            if absolute not in seen:
                seen.add(absolute)
                yield found


def given_file(name: str, data: bytes | str, configs: Configs, excluding: Excluding) -> Iterator[SourceFile]:
    """Source that is in no file, unless it is excluded by the name that it shall have."""
    config = configs.of_file(name)
    if not _is_excluded(name, config, excluding):
        yield SourceFile(name, config, True, data=data)


def _find(path: str, configs: Configs, excluding: Excluding) -> Iterator[SourceFile | Missing]:
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        yield Missing(path)
        return
    except (OSError, ValueError) as error:
        yield SourceFile(path, Config(), True, getattr(error, "strerror", None) or str(error))
        return
    if stat.S_ISDIR(mode):
        from optlint.discovery.walk import walk

        yield from walk(path, configs, excluding)
    else:
        config = configs.of_file(path)
        if not _is_excluded(path, config, excluding):
            yield SourceFile(path, config, True, None if stat.S_ISREG(mode) else "not a regular file")


def _is_excluded(path: str, config: Config, excluding: Excluding) -> bool:
    if not excluding.force:
        return False
    from optlint.discovery.walk import excluded

    return any(rooted.covers(os.path.abspath(path)) for rooted in excluded(config, excluding))
