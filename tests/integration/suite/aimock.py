"""@copilotkit/aimock: a provider that nobody here wrote, with a journal of its own."""
import json
import os
import re
from pathlib import Path

from suite.process import Process
from suite.waiting import wait_until
from suite.wire import fetch


class Aimock:
    """An aimock process that answers from `fixtures` (its own format) in OpenAI's format."""

    def __init__(self, directory, fixtures):
        directory = Path(directory)
        fixtures_path = directory / "aimock-fixtures.json"
        fixtures_path.write_text(json.dumps({"fixtures": fixtures}), encoding="utf-8")
        config_path = directory / "aimock.json"
        config_path.write_text(json.dumps({
            "host": "127.0.0.1", "port": 0, "strict": True,
            "llm": {"fixtures": str(fixtures_path)}}), encoding="utf-8")
        package = Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node/node_modules/@copilotkit/aimock"
        self._process = Process(
            "aimock", ["node", package / "dist/aimock-cli.js", "-c", config_path], directory)
        self.url = None

    def start(self):
        """Starts it and finds where it listens, which only its log says."""
        self._process.start(wait=False)
        found = wait_until("aimock listens", lambda: re.search(
            r"listening on (http://\S+)", self._process.log_text()), timeout_s=30)
        self.url = found.group(1)
        return self

    def stop(self):
        """Ends it."""
        self._process.kill()

    def journal(self):
        """The chat completions that it was asked for, oldest first."""
        entries = fetch(f"{self.url}/__aimock/journal?limit=100000").json
        return [entry for entry in entries if entry["path"].endswith("/chat/completions")]


def journal_tokens(entry):
    """(prompt, completion) tokens that a journal entry's fixture states; None without any."""
    fixture = (entry["response"] or {}).get("fixture") or {}
    usage = (fixture.get("response") or {}).get("usage")
    return usage and (usage["prompt_tokens"], usage["completion_tokens"])
