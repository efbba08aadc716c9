"""The published schema accepts what the parser accepts, and nothing else."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

import optlint
from optlint.settings.config import READERS, ConfigError, parse_table


@cache
def validator() -> Draft7Validator:
    text = Path(optlint.__file__).with_name("config.schema.json").read_text(encoding="utf-8")
    Draft7Validator.check_schema(json.loads(text))
    return Draft7Validator(json.loads(text))


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
    assert validator().is_valid(table) == parses(table)


def test_every_key_is_in_the_schema() -> None:
    assert set(validator().schema["properties"]) == set(READERS)


@pytest.mark.parametrize(
    "table", [{"select": "OPT1"}, {"torch-version": "two"}, {"severity": {"a": "fatal"}}, {"x": 1}]
)
def test_the_schema_refuses(table: dict[str, Any]) -> None:
    assert not validator().is_valid(table)
