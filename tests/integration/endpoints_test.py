"""What official clients ask besides generations: node/endpoints.test.mjs, run by `node --test`.

Lists of models in each surface's shape, counted tokens, credits, generations and reports, read by
clients that check what they are given.
"""
import json
import os
import re
import subprocess
from datetime import datetime, timezone
from pathlib import Path

TEST = Path(__file__).parent / "node" / "endpoints.test.mjs"
TIMEOUT_S = 90


def test_the_endpoints_of_official_clients(world):
    origin = world.base_url.removesuffix("/v1")
    settings = {
        "origin": origin, "key": world.key.secret, "badKey": world.bad_keys["unknown"].secret,
        "clients": str(Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node"),
        "model": "test/chat", "sellers": ["alpha", "beta"],
        "today": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
    }
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", TEST], text=True, capture_output=True,
        timeout=TIMEOUT_S, check=False,
        env={**os.environ, "TOLLGATE_TEST": json.dumps(settings)})
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"pass (\d+)", done.stdout).group(1)) >= TEST.read_text(
        encoding="utf-8").count("\ntest("), "every test of the file ran"
