"""Show the configuration that holds for a file, where it comes from, and which rules are on."""

from __future__ import annotations

import os

from optlint.arguments import UsageError
from optlint.commands import _gather

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.arguments import Arguments
    from optlint.settings.config import Config
    from optlint.settings.policy import Policy

USAGE = "optlint config [OPTIONS] [FILE]    (the default is the current folder)"
OPTIONS = tuple(
    option
    for option in _gather.OPTIONS
    if option.names[0] in ("--select", "--extend-select", "--ignore", "--config", "--isolated")
)


def run(arguments: Arguments) -> int:
    """Print the keys as TOML, and what follows from them as comments."""
    from optlint.batch.policies import Policies

    if len(arguments.paths) > 1:
        raise UsageError("one file at a time")
    path = arguments.paths[0] if arguments.paths else os.curdir
    configs = _gather.configs(arguments)
    config = configs.of_folder(os.path.abspath(path)) if os.path.isdir(path) else configs.of_file(path)
    policy = Policies(_gather.selection(arguments)).of(config)
    print(
        "\n".join(
            [f"# what holds for {path}", f"# from {config.path or 'no file: these are the defaults'}", *_keys(config)]
        )
    )
    print("\n".join(_rules(policy, path)))
    return 0


def _keys(config: Config) -> Iterator[str]:
    tables: list[str] = []
    for key, value in config.as_table().items():
        if isinstance(value, dict):
            tables += [f"[{key}]", *(f"{_toml(name)} = {_toml(one)}" for name, one in value.items())]
        else:
            yield f"{key} = {_toml(value)}"
    yield from tables


def _toml(value: object) -> str:
    """A string or a list of strings, in which TOML and JSON agree, or a table on one line."""
    import json

    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(one)}" for key, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _rules(policy: Policy, path: str) -> Iterator[str]:
    enabled = policy.enabled if os.path.isdir(path) else policy.enabled_in(path)
    for title, is_on in (("on", True), ("off", False)):
        codes = [code for code in policy.registry.rules if (code in enabled) is is_on]
        yield f"# rules that are {title}: {', '.join(codes) or 'none'}"
    severities = policy.severities if os.path.isdir(path) else policy.severities_in(path)
    for code, severity in severities.items():
        yield f"# severity of {code}: {severity.value}"
