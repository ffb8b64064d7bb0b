"""Tollgate as the benchmark runs it: four programs, the data plane alone on the core under test.

Everything that Tollgate promises is on: keys, a workspace's wallet, hard budgets on key and
workspace, durable metering, the access log.

With "governance off" it is configured to govern as little as it can: the workspace pays its
provider itself (a credential of its own, BYOK), so that neither a wallet nor a budget is held for a
request, and there is no access log.  What is never off: the key is looked up, the request is
routed, and its usage is recorded in the spool before the last byte leaves.
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
    headers = ()

    def __init__(self, suite, key, path):
        self._suite = suite
        self.path = path
        self.key = key
        self.model = MODEL
        self.port = int(suite.api_urls[0].rsplit(":", 1)[1])
        self.pids = [suite.dataplane.pid]
        self.extra_pids = [suite.billing.pid]

    @property
    def all_pids(self):
        """The pid of each of the programs, by name."""
        return {process.name: process.pid for process in self._suite.processes}

    def stop(self):
        """Ends all programs."""
        try:
            self._suite.stop()
        finally:
            self._suite.kill()


def fill(suite, upstream_url, governance, wire_format="FORMAT_OPENAI_CHAT"):
    """Sells the benchmark's model to one workspace with one key; returns the key when it works."""
    # Here and not above: the suite reads the environment when it is imported.
    from suite.admin import Admin  # pylint: disable=import-outside-toplevel
    from suite.ledger import Ledger  # pylint: disable=import-outside-toplevel
    from suite.provider import Prices  # pylint: disable=import-outside-toplevel
    from suite.waiting import wait_until  # pylint: disable=import-outside-toplevel
    from suite.wire import fetch  # pylint: disable=import-outside-toplevel

    ledger = Ledger(suite.billing_grpc, suite.token)
    admin = Admin(suite.admin_grpc, suite.catalog_grpc, ledger, suite.token)
    admin.create_organization()
    admin.add_provider("bench", f"{upstream_url}/v1",
                       ["bench-provider-key"] if governance else [], wire_format=wire_format)
    admin.sell([(MODEL, "bench", "bench-chat", Prices())], formats={"bench": wire_format})
    workspace = admin.create_workspace("ws-bench", usd=WALLET_USD if governance else 0)
    key = workspace.key(id="key-bench")
    if governance:
        admin.create_budget(key, WALLET_USD)
        admin.create("Budget", id="budget-workspace", scope_id="ws-bench",
                     scope_kind="SCOPE_KIND_WORKSPACE", period="PERIOD_MONTHLY", hard=True,
                     limit_nano_usd=WALLET_USD * 10**9)
    else:
        admin.create("Credential", id="credential-own", provider_id="bench",
                     workspace_id="ws-bench", secret="bench-provider-key")
    wait_until("the key is served", lambda: MODEL in fetch(
        f"{suite.api_urls[0]}/v1/models", key=key.secret).body.decode(), 60)
    return key.secret


def use_binaries(binaries):
    """Must be called before anything of the suite is imported."""
    os.environ["TOLLGATE_BUILD_DIR"] = str(binaries.parent)


def start(folder, upstream_url, workload, binaries, cores, other_core, certificate=None):
    """Starts the programs and returns when the key is served."""
    use_binaries(binaries)
    from suite.topology import Separate  # pylint: disable=import-outside-toplevel

    options = f"workers: {len(cores)}\n"
    if workload.governance:
        options += f"access_log:\n  path: {folder}/access.log\n"
    else:
        options += "access_log:\n  enabled: false\n"
    if certificate:
        options += f"upstream:\n  ca_file: {certificate}\n"
    suite = Separate(folder, dataplane_options=options)
    for process in suite.processes:
        where = ",".join(map(str, cores)) if process is suite.dataplane else str(other_core)
        process.argv = ["taskset", "-c", where, *process.argv]
    try:
        suite.start()
        key = fill(suite, upstream_url, workload.governance, workload.wire_format)
        return TollgateProxy(suite, key, workload.surface)
    except BaseException:
        suite.kill()
        raise
