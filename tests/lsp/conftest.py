from __future__ import annotations

import pytest

from tests.lsp.client import Client
from tests.lsp.profiles import PROFILES


@pytest.fixture
def editor(tmp_path):
    """A function that starts an editor in an empty folder."""
    started = []

    def start(profile="vscode", **settings):
        client = Client(tmp_path, PROFILES[profile], settings)
        started.append(client)
        return client

    yield start
    for client in started:
        client.kill()
