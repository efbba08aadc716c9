"""A small editor: speaks to `optlint server` over its pipes in plain JSON, and keeps what it is told."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from tests.lsp.profiles import VS_CODE

ROOT = Path(__file__).parents[2]
SERVER = (sys.executable, "-m", "optlint", "server")
PATIENCE = 30  # seconds to wait for anything at all


class Client:
    """One editor with one server; `settings` go into its initialization options."""

    def __init__(
        self,
        folder: Path,
        profile: dict[str, Any] = VS_CODE,
        settings: dict[str, Any] | None = None,
        command: Sequence[str] = SERVER,
    ) -> None:
        self.folder = folder
        self.profile = profile
        self.notifications: list[dict[str, Any]] = []
        self._ids = count(1)
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(folder)))},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.initialized = self._initialize(settings)
        except BaseException:
            self.kill()  # else its open pipes are held against whatever test runs next
            raise

    def _initialize(self, settings: dict[str, Any] | None) -> dict[str, Any]:
        answer = self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": self.folder.as_uri(),
                "workspaceFolders": [{"uri": self.folder.as_uri(), "name": self.folder.name}],
                "capabilities": self.profile,
                "initializationOptions": {"settings": settings or {}},
            },
        )
        self.notify("initialized", {})
        return answer

    @property
    def capabilities(self) -> dict[str, Any]:
        return self.initialized["capabilities"]

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> int:
        """Send a request whose answer is fetched later."""
        number = next(self._ids)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number

    def request(self, method: str, params: Any) -> Any:
        message = self.answer(self.ask(method, params))
        assert "error" not in message, message
        return message["result"]

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to a request; what comes before it is noted."""
        return self._until(lambda message: message.get("id") == number and "method" not in message)

    def any_answer(self) -> dict[str, Any]:
        """The next answer to any request."""
        return self._until(lambda message: "method" not in message)

    def notification(self, method: str, fits: Any = lambda params: True) -> Any:
        """The parameters of the next notification of this kind that fits."""
        message = self._until(lambda message: message.get("method") == method and fits(message.get("params")))
        return message.get("params")

    def _until(self, wanted: Any) -> dict[str, Any]:
        while True:
            message = self._inbox.get(timeout=PATIENCE)
            assert message is not None, self.complaints()
            if "method" in message and "id" in message:
                self._respond(message)
            elif "method" in message:
                self.notifications.append(message)
            if wanted(message):
                return message

    def _respond(self, message: dict[str, Any]) -> None:
        """Let the server have what it asks of its client."""
        result: Any = None
        if message["method"] == "workspace/configuration":
            result = [None] * len(message["params"]["items"])
        self.notifications.append(message)
        self._send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def open(self, name: str, text: str, language: str = "python", version: int = 1) -> str:
        uri = self.uri(name)
        item = {"uri": uri, "languageId": language, "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, version: int, *changes: dict[str, Any]) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def pull(self, uri: str) -> list[dict[str, Any]]:
        return self.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})["items"]

    def pushed(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """What the server tells of a document, or of this version of it."""

        def fits(params: dict[str, Any]) -> bool:
            return params["uri"] == uri and version in (None, params.get("version"))

        return self.notification("textDocument/publishDiagnostics", fits)["diagnostics"]

    def diagnostics(self, uri: str, version: int | None = None) -> list[dict[str, Any]]:
        """The diagnostics of a document, in the way of this client."""
        return self.pull(uri) if "diagnostic" in self.profile["textDocument"] else self.pushed(uri, version)

    def actions(self, uri: str, where: dict[str, Any], **context: Any) -> list[dict[str, Any]]:
        params = {"textDocument": {"uri": uri}, "range": where, "context": {"diagnostics": [], **context}}
        return self.request("textDocument/codeAction", params)

    def stop(self) -> int:
        """Leave in good order; the exit code of the server."""
        self.request("shutdown", None)
        self.notify("exit", None)
        return self.wait()

    def wait(self) -> int:
        return self._process.wait(PATIENCE)

    def hang_up(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                pipe.close()
        self._reader.join(PATIENCE)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    def complaints(self) -> str:
        """What a dead server wrote to its standard error."""
        self._process.kill()
        assert self._process.stderr
        return self._process.stderr.read().decode()

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout
        while line := self._process.stdout.readline():
            length = int(line.split(b":")[1])
            while self._process.stdout.readline().strip():
                pass
            self._inbox.put(json.loads(self._process.stdout.read(length)))
        self._inbox.put(None)
