"""The official npm client, run by `node --test`: node/openai_client.test.mjs."""
import json
import os
import re
import subprocess
from pathlib import Path

TEST = Path(__file__).parent / "node" / "openai_client.test.mjs"
TIMEOUT_S = 60


def test_openai_client(world):
    alpha = world.providers["alpha"]
    alpha.faults("a/failing", ("status", 500))
    alpha.faults("a/slow", ("retry_after", 3))
    alpha.faults("a/shaky", "cut_mid_stream")
    clients = Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node"
    settings = {
        "baseUrl": world.base_url, "clients": str(clients),
        "keys": {"good": world.key.secret, "bad": world.bad_keys["unknown"].secret,
                 "revoked": world.bad_keys["revoked"].secret,
                 "expired": world.bad_keys["expired"].secret,
                 "poor": world.poor_key.secret, "capped": world.capped_key.secret},
        "models": {"chat": "test/chat", "failing": "test/failing", "limited": "test/slow",
                   "cut": "test/shaky"},
    }
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", TEST], text=True, capture_output=True,
        timeout=TIMEOUT_S, check=False,
        env={**os.environ, "TOLLGATE_TEST": json.dumps(settings)})
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"pass (\d+)", done.stdout).group(1)) >= TEST.read_text(
        encoding="utf-8").count("\ntest("), "every test of the file ran"
