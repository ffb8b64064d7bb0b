"""How long `tollgate standalone` takes to its first answer, and what an idle process holds."""
import json
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import measure
import tollgate_proxy

SETTLE_S = 2.0              # After a start, until memory is read.
ANSWER_TIMEOUT_S = 30.0
POLL_INTERVAL_S = 0.001


def cold_start(binaries, upstream_port, repeat):
    """Milliseconds from starting the process to the last byte of a first, metered answer.

    The data folder is there and has a provider, a workspace with money, and a key, as after any
    restart.  Also the resident memory of the idle process.
    """
    tollgate_proxy.use_binaries(binaries)
    from suite.topology import Standalone  # pylint: disable=import-outside-toplevel

    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        suite = Standalone(folder)
        try:
            suite.start()
            key = tollgate_proxy.fill(suite, f"http://localhost:{upstream_port}", True)
            port = int(suite.api_urls[0].rsplit(":", 1)[1])
        finally:
            suite.stop()
        times, rss = [], 0
        for _ in range(repeat):
            started = time.monotonic()
            process = subprocess.Popen(
                [binaries / "tollgate", "standalone", "--config", suite.directory /
                 "standalone.yaml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                _first_answer(port, key, started)
                times.append((time.monotonic() - started) * 1000)
                time.sleep(SETTLE_S)
                rss = measure.rss_bytes([process.pid])
            finally:
                process.terminate()
                process.wait(timeout=30)
    return {"cold_start_ms": times, "standalone_idle_mib": rss / 2**20}


def _first_answer(port, key, started):
    body = json.dumps({"model": tollgate_proxy.MODEL, "max_tokens": 16,
                       "messages": [{"role": "user", "content": "Hello"}]}).encode()
    request = (f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
               f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
               f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    status = b"no answer"
    while time.monotonic() - started < ANSWER_TIMEOUT_S:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(request)
                answer = b""
                while part := connection.recv(65536):
                    answer += part
            status = answer.split(b"\r\n", 1)[0]
            if b" 200 " in status:
                return
        except OSError:
            pass
        time.sleep(POLL_INTERVAL_S)
    raise RuntimeError(f"no answer within {ANSWER_TIMEOUT_S} s; the last was {status!r}")


def idle_memory(binaries, upstream_port, workload, cores):
    """Resident MiB of each of the four programs, started and idle, by name."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        proxy = tollgate_proxy.start(Path(folder), f"http://localhost:{upstream_port}", workload,
                                     binaries, cores, cores[0])
        try:
            time.sleep(SETTLE_S)
            return {name: measure.rss_bytes([pid]) / 2**20
                    for name, pid in proxy.all_pids.items()}
        finally:
            proxy.stop()
