"""A suite whose models are sold by one provider in each wire format."""
import os
import shutil
import tempfile
from pathlib import Path

from matrix.plan import BUILT_FORMATS, FORMATS
from suite.admin import Admin
from suite.ledger import Ledger
from suite.provider import FakeProvider
from suite.topology import TOPOLOGIES
from suite.waiting import wait_until
from suite.wire import fetch

WORKSPACE = "ws-matrix"
CONVERGE_TIMEOUT_S = 30
BALANCE_USD = 1000

def model_of(wire_format):
    """The model that is sold in this format."""
    return f"matrix/{wire_format}"


class MatrixWorld:
    """Made by `with MatrixWorld(prices) as world`; prices are WirePrices by format.

    `upstream` says at which address the gateway finds the provider that is at another.
    """

    def __init__(self, prices, topology=None, upstream=lambda url: url):
        self.directory = Path(tempfile.mkdtemp(prefix="tollgate-matrix-"))
        (self.directory / "suite").mkdir()
        topology = topology or os.environ.get("MATRIX_TOPOLOGY", "standalone")
        self.suite = TOPOLOGIES[topology](self.directory / "suite")
        self.provider = FakeProvider(
            "wire", {}, self.directory, "wire-provider-key-c0ffee", wire_models={
                f"w/{name}": price for name, price in prices.items()}, extra=("--record", "50"))
        self._prices = prices
        self._upstream = upstream

    def __enter__(self):
        try:
            self.provider.start()
            self.suite.start()
            self._fill()
        except BaseException:
            for process in self.suite.processes:
                print(f"--- {process.name}\n{process.log_tail()}")
            self.suite.kill()
            raise
        return self

    def _fill(self):
        self.ledger = Ledger(self.suite.billing_grpc, self.suite.token)
        self.admin = Admin(self.suite.admin_grpc, self.suite.catalog_grpc, self.ledger,
                           self.suite.token)
        self.admin.create_organization()
        base = self._upstream(self.provider.url)
        for name in sorted(BUILT_FORMATS):
            catalog_format, path, _ = FORMATS[name]
            self.admin.add_provider(name, base + path, [self.provider.api_key],
                                    {"cooldown_disabled": True}, wire_format=catalog_format)
        self.admin.sell(
            [(model_of(name), name, f"w/{name}", self._prices[name])
             for name in sorted(BUILT_FORMATS)],
            formats={name: FORMATS[name][0] for name in BUILT_FORMATS},
            capabilities=("tools", "reasoning", "structured_output", "attachments", "temperature"),
            input_modalities=("text", "image", "pdf", "audio"))
        workspace = self.admin.create_workspace(WORKSPACE, usd=BALANCE_USD)
        self.key = workspace.key(id="key-matrix")
        wanted = {model_of(name) for name in BUILT_FORMATS}

        def sells():
            answer = fetch(f"{self.base_url}/v1/models", key=self.key.secret)
            return answer.status == 200 and wanted <= {m["id"] for m in answer.json["data"]}
        wait_until("the models are sold", sells, CONVERGE_TIMEOUT_S)

    @property
    def base_url(self):
        """Of the data plane, without a path."""
        return self.suite.api_urls[0]

    def __exit__(self, *exception):
        try:
            self.suite.stop()
            if exception[0] is None:
                self.suite.audit()
        finally:
            self.suite.kill()
            self.provider.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
