"""deploy/quickstart.sh --once: from nothing to a metered request, but for the build."""
import os
import subprocess
import time
from pathlib import Path

import pytest

from suite.provider import build_dir
from suite.scale import patient

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "quickstart.sh"
TIMEOUT_S = 120
SECOND_START_S = 10


@pytest.mark.parametrize("start", ["first", "second"])
def test_quickstart(tmp_path_factory, start):
    data = tmp_path_factory.getbasetemp() / "quickstart-data"
    assert data.exists() == (start == "second")
    started = time.monotonic()
    done = subprocess.run(
        [SCRIPT, "--once", "--data", data], text=True, capture_output=True, timeout=TIMEOUT_S,
        check=False, env={**os.environ, "TOLLGATE_BIN": str(build_dir() / "bin" / "tollgate")})
    seconds = time.monotonic() - started
    assert done.returncode == 0, done.stdout + done.stderr
    shown = dict(line.strip().split("  ", 1) for line in done.stdout.splitlines()
                 if line.startswith("  ") and "  " in line.strip())
    assert "Hello" in shown["answer"]
    assert shown["provider"].strip() == "demo"
    assert shown["generation id"].strip().startswith("gen_")
    assert shown["balance before"] != shown["balance after"]
    assert seconds < patient(SECOND_START_S), "a second start takes less than 10 s"
    audit = subprocess.run([build_dir() / "bin" / "tollgate", "audit", "--store", data], text=True,
                           capture_output=True, timeout=TIMEOUT_S, check=False)
    assert audit.returncode == 0, audit.stdout + audit.stderr
