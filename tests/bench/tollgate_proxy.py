"""Tollgate as the benchmark runs it: four programs, the data plane alone on the core under test.

Everything that Tollgate promises is on: keys, a workspace's wallet, hard budgets on key and
workspace, durable metering, the access log.  "Governance off" leaves the budgets out and the log
off; a key and a wallet there always are.
"""
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration"))

MODEL = "bench/chat"
WALLET_USD = 1_000_000


class TollgateProxy:
    """As plain_proxies.Proxy."""

    name = "tollgate"

    def __init__(self, suite, key):
        self._suite = suite
        self.key = key
        self.model = MODEL
        self.port = int(suite.api_urls[0].rsplit(":", 1)[1])
        self.pids = [suite.dataplane.pid]
        self.extra_pids = [suite.billing.pid]

    def stop(self):
        try:
            self._suite.stop()
        finally:
            self._suite.kill()


def start(folder, upstream_url, workload, binaries, proxy_core, other_core, certificate=None):
    """Starts the programs and returns when the key is served."""
    os.environ["TOLLGATE_BUILD_DIR"] = str(binaries.parent)
    # Here and not above: the suite reads the environment when it is imported.
    from suite.admin import Admin  # pylint: disable=import-outside-toplevel
    from suite.ledger import Ledger  # pylint: disable=import-outside-toplevel
    from suite.provider import Prices  # pylint: disable=import-outside-toplevel
    from suite.topology import Separate  # pylint: disable=import-outside-toplevel
    from suite.waiting import wait_until  # pylint: disable=import-outside-toplevel
    from suite.wire import fetch  # pylint: disable=import-outside-toplevel

    options = "workers: 1\n"
    if not workload.governance:
        options += "access_log:\n  enabled: false\n"
    else:
        options += f"access_log:\n  path: {folder}/access.log\n"
    if certificate:
        options += f"upstream:\n  ca_file: {certificate}\n"
    suite = Separate(folder, dataplane_options=options)
    for process in suite.processes:
        core = proxy_core if process is suite.dataplane else other_core
        process.argv = ["taskset", "-c", str(core), *process.argv]
    suite.start()
    ledger = Ledger(suite.billing_grpc, suite.token)
    admin = Admin(suite.admin_grpc, suite.catalog_grpc, ledger, suite.token)
    admin.create_organization()
    admin.add_provider("bench", f"{upstream_url}/v1", ["bench-provider-key"])
    admin.sell([(MODEL, "bench", "bench-chat", Prices())])
    workspace = admin.create_workspace("ws-bench", usd=WALLET_USD)
    key = workspace.key(id="key-bench")
    if workload.governance:
        admin.create_budget(key, WALLET_USD)
        admin.create("Budget", id="budget-workspace", scope_id="ws-bench",
                     scope_kind="SCOPE_KIND_WORKSPACE", period="PERIOD_MONTHLY", hard=True,
                     limit_nano_usd=WALLET_USD * 10**9)
    wait_until("the key is served", lambda: MODEL in fetch(
        f"{suite.api_urls[0]}/v1/models", key=key.secret).body.decode(), 30)
    return TollgateProxy(suite, key.secret)
