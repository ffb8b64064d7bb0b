"""A suite with something in it: providers, models, a workspace with money, and keys.

    model            sold by
    test/chat        alpha, beta        test/fast, test/reasoner, test/cached, test/flat,
    test/shaky       alpha, beta        test/failing, test/slow: alpha alone
    test/resting     gamma, delta       with cool-downs; the others have none
    test/restarted   omega              may be restarted, which empties its books

A route puts them in that order. What each sells is called a/…, b/… and so on at the provider.
"""
import re
import shutil
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from suite import wire
from suite.admin import Admin, Key
from suite.ledger import Ledger
from suite.provider import FakeProvider, Prices
from suite.scale import patient
from suite.topology import TOPOLOGIES
from suite.waiting import wait_until
from suite.wire import fetch

WORKSPACE = "ws-test"
BALANCE_USD = 1000
CONVERGE_TIMEOUT_S = 30.0

PRICES = {
    "test/chat": Prices(2_500_000, 10_000_000),
    "test/fast": Prices(150_000, 600_000),
    "test/reasoner": Prices(1_000_003, 4_000_007, 250_001, 3_000_011),
    "test/cached": Prices(3_000_000, 15_000_000, 300_000),
    "test/flat": Prices(0, 0, request=100_000_000_000),
    "test/shaky": Prices(777_777, 3_333_333),
    "test/failing": Prices(1_000_000, 1_000_000),
    "test/slow": Prices(1_000_000, 1_000_000),
    "test/resting": Prices(1_000_000, 1_000_000),
    "test/restarted": Prices(1_000_000, 1_000_000),
}
SOLD_BY = {
    "test/chat": ("alpha", "beta"), "test/fast": ("alpha",), "test/reasoner": ("alpha",),
    "test/cached": ("alpha",), "test/flat": ("alpha",), "test/shaky": ("alpha", "beta"),
    "test/failing": ("alpha",), "test/slow": ("alpha",), "test/resting": ("gamma", "delta"),
    "test/restarted": ("omega",),
}
ORDER = ("alpha", "beta", "gamma", "delta", "omega")
COOLING = ("gamma", "delta")
LIMITS = {"connect_timeout": "1s", "first_byte_timeout": f"{patient(0.5)}s",
          "idle_timeout": f"{patient(0.5)}s", "total_timeout": "30s"}

# Metrics of a data plane that are zero when billing has all there is.
UNSETTLED = ("tollgate_requests_in_flight", "tollgate_spool_open_intents",
             "tollgate_usage_records_waiting")

SETTLED_S = 0.2  # So long they must be zero.

UNKNOWN_KEY = Key("", "tg_live_" + "0" * 38)
MALFORMED_KEY = Key("", "sk-this-is-not-one-of-ours")


def sold_as(model, provider):
    """What a provider calls a model: test/chat is a/chat at alpha."""
    return f"{provider[0]}/{model.split('/')[1]}"


def sum_of(name, metrics_text, labels=""):
    """The sum of a metric's series that have all of `labels`."""
    found = re.findall(rf"^{name}(?:\{{([^}}]*)\}})? (\S+)$", metrics_text, re.MULTILINE)
    assert found, f"there is no metric {name}"
    return sum(float(value) for series, value in found if labels in series)


class World:
    """See the module. Made by make_world(); stop() ends all of it."""

    prices = PRICES

    def __init__(self, topology, **options):
        self.directory = Path(tempfile.mkdtemp(prefix="tollgate-test-"))
        self.providers = {}
        self.suite = TOPOLOGIES[topology](self._folder("suite"), **options)

    def _folder(self, name):
        folder = self.directory / name
        folder.mkdir()
        return folder

    def start(self):
        """Starts everything and waits until the main key is served."""
        for name in ORDER:
            models = {sold_as(model, name): PRICES[model]
                      for model, sellers in SOLD_BY.items() if name in sellers}
            self.providers[name] = FakeProvider(
                name, models, self.directory, f"{name}-provider-key-c0ffee").start()
        self.suite.start()
        tls = self.suite.tls and self.suite.tls["admin"]
        if tls:
            wire.trust(tls.ca)
        self.ledger = Ledger(self.suite.billing_grpc, self.suite.token, tls)
        self.admin = Admin(self.suite.admin_grpc, self.suite.catalog_grpc, self.ledger,
                           self.suite.token, tls)
        self._fill()
        return self

    def _fill(self):
        self.admin.create_organization()
        for name, provider in self.providers.items():
            limits = {**LIMITS, **({} if name in COOLING else {"cooldown_disabled": True})}
            self.admin.add_provider(name, f"{provider.url}/v1", [provider.api_key], limits)
        self.admin.sell([(model, seller, sold_as(model, seller), PRICES[model])
                         for model, sellers in SOLD_BY.items() for seller in sellers])
        self.admin.create("Route", id="route-test", model_pattern="test/*", order=ORDER)
        self.workspace = self.admin.create_workspace(WORKSPACE, usd=BALANCE_USD)
        self.key = self.workspace.key(id="key-main")
        past = datetime.now(timezone.utc) - timedelta(minutes=1)
        expired = self.workspace.key(
            id="key-expired", expire_time=past.isoformat().replace("+00:00", "Z"))
        revoked = self.workspace.key(id="key-revoked")
        self.admin.revoke_key(revoked)
        self.bad_keys = {"unknown": UNKNOWN_KEY, "malformed": MALFORMED_KEY, "revoked": revoked,
                         "expired": expired}
        self.narrow_key = self.workspace.key(id="key-narrow", allowed_models=["test/fast"])
        self.poor_key = self.admin.create_workspace("ws-poor").key(id="key-poor")
        self.capped_key = self.workspace.key(id="key-capped")
        self.admin.create_budget(self.capped_key, 0)
        self.wait_for_key(self.capped_key)
        self.wait_for_models(PRICES)

    def audit(self, folder=None):
        """The offline audit of the ledger, which no program may have open, or of a copy of its
        folder: its report."""
        return self.suite.audit(folder)

    def stop(self):
        """Ends all programs, audits the ledger, removes the folder unless one did not end well."""
        try:
            self.suite.stop()
            self.audit()
        finally:
            self.suite.kill()
            for provider in self.providers.values():
                provider.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    @property
    def api_urls(self):
        """Of all data planes, without /v1."""
        return self.suite.api_urls

    @property
    def base_url(self):
        """What a client is given: the first data plane's, with /v1."""
        return f"{self.api_urls[0]}/v1"

    @property
    def ops_url(self):
        """Health and metrics of the first data plane."""
        return self.suite.ops_urls[0]

    def metric(self, name, labels=""):
        """The sum of a metric's series on the first data plane that have all of `labels`."""
        return sum_of(name, fetch(f"{self.ops_url}/metrics").body.decode(), labels)

    def wait_for_key(self, key):
        """Until every data plane knows the key."""
        for url in self.api_urls:
            wait_until(f"{url} knows {key.id}", lambda u=url: fetch(
                f"{u}/v1/models", key=key.secret).status == 200, CONVERGE_TIMEOUT_S)

    def wait_for_config(self):
        """Until every data plane has all that was configured so far: changes come in order."""
        self.wait_for_key(self.workspace.key())

    def wait_for_models(self, models):
        """Until every data plane sells these models."""
        for url in self.api_urls:
            wait_until(f"{url} sells {sorted(models)}", lambda u=url: set(models) <= {
                model["id"] for model in fetch(f"{u}/v1/models", key=self.key.secret).json["data"]},
                CONVERGE_TIMEOUT_S)

    def settle(self, timeout_s=CONVERGE_TIMEOUT_S):
        """Until nothing is in flight and billing has every record of every data plane.

        The gauges are a few looks of the shipper old (20 ms each), so they must stay at zero for
        longer than that.
        """
        zero_since = None

        def settled():
            nonlocal zero_since
            now = time.monotonic()
            if any(self._unsettled(url) for url in self.suite.ops_urls):
                zero_since = None
                return False
            zero_since = zero_since or now
            return now - zero_since >= SETTLED_S
        wait_until("all records are in the ledger", settled, patient(timeout_s), 0.02)

    @staticmethod
    def _unsettled(ops_url):
        text = fetch(f"{ops_url}/metrics").body.decode()
        return (sum_of("tollgate_usage_connected", text) != 1 or
                any(sum_of(name, text) for name in UNSETTLED))


def make_world(topology, **options):
    """A running world; everything is ended again when it does not come up."""
    world = World(topology, **options)
    try:
        return world.start()
    except BaseException:
        for process in world.suite.processes:
            print(f"--- {process.name}\n{process.log_tail()}")
        world.suite.kill()
        raise
