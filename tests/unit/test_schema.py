"""The published schema accepts what the parser accepts, and nothing else."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import optlint
from optlint.config import READERS, ConfigError, parse_table

TYPES = {"array": list, "object": dict, "string": str}


@cache
def schema() -> dict[str, Any]:
    text = Path(optlint.__file__).with_name("config.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def accepts(part: dict[str, Any], value: object) -> bool:
    """As much of JSON Schema as ours uses; a word that is not known here fails the test."""
    unknown = set(part) - {"$ref", "type", "items", "enum", "pattern", "properties", "additionalProperties"}
    assert unknown <= {"$schema", "title", "description", "definitions"}
    if "$ref" in part:
        return accepts(schema()["definitions"][part["$ref"].rpartition("/")[2]], value)
    if "enum" in part:
        return value in part["enum"]
    if not isinstance(value, TYPES[part["type"]]):
        return False
    if isinstance(value, list):
        return all(accepts(part["items"], item) for item in value)
    if isinstance(value, dict):
        known = part.get("properties", {})
        rest = part["additionalProperties"]
        return all(
            accepts(known[key], one) if key in known else rest and accepts(rest, one) for key, one in value.items()
        )
    return not isinstance(value, str) or re.search(part.get("pattern", ""), value) is not None


def parses(table: dict[str, Any]) -> bool:
    try:
        parse_table(table)
    except ConfigError:
        return False
    return True


words = st.sampled_from(["OPT1", "a", "error", "info", "fatal", "2.1", "2", "2.1.0", "two", ""])
scalars = words | st.integers() | st.booleans() | st.none() | st.floats()
values = (
    scalars
    | st.lists(scalars, max_size=2)
    | st.dictionaries(words, scalars | st.lists(scalars, max_size=1), max_size=2)
)
keys = st.sampled_from([*READERS, "selct", "per_file_ignores"])


@given(st.dictionaries(keys, values, max_size=3))
@example({"torch-version": "2.1"})
@example({"severity": {"OPT1": "info"}, "per-file-ignores": {"a": ["OPT1"]}, "select": ["OPT1"]})
def test_schema_and_parser_agree(table: dict[str, Any]) -> None:
    assert accepts(schema(), table) == parses(table)


def test_every_key_is_in_the_schema() -> None:
    assert set(schema()["properties"]) == set(READERS)


@pytest.mark.parametrize(
    "table", [{"select": "OPT1"}, {"torch-version": "two"}, {"severity": {"a": "fatal"}}, {"x": 1}]
)
def test_the_schema_refuses(table: dict[str, Any]) -> None:
    assert not accepts(schema(), table)
