"""The programs of a suite, in either of its two shapes, under one folder and on free ports.

    separate    tollgate-catalog, -controlplane, -billing and one or more -dataplane
    standalone  `tollgate standalone`, all four in one process

A program that is started again gets the address that it had: the others find it there.
"""
import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path

from suite.certificates import Authority
from suite.ports import lasting_address
from suite.process import Process
from suite.provider import build_dir

LOOPBACK_ANY_PORT = "127.0.0.1:0"
CLI_TIMEOUT_S = 30
AUDIT_TIMEOUT_S = 1800  # It reads all of a ledger: after a thousand kills some 300,000 entries.
PRIVATE = 0o600


def write_private(path, text):
    """A file that only its owner may read, as key files have to be."""
    path.write_text(text, encoding="utf-8")
    os.chmod(path, PRIVATE)
    return path


class Suite:
    """What both shapes have in common: addresses, the CLI, and their end."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.inputs = set()  # Files that the test wrote, secrets and all.
        self.processes = []
        self.tls = None  # With mutual TLS: certificates by name.
        self.token = secrets.token_hex(24)

    def program(self, name, binary, *arguments):
        """A program of the build; not yet started."""
        process = Process(name, [build_dir() / "bin" / binary, *arguments,
                                 "--ready-file", self.directory / f"{name}.ready"], self.directory)
        self.processes.append(process)
        return process

    def is_input(self, path):
        """Whether the test itself put a secret into this file."""
        return path in self.inputs

    def cli(self, *arguments, check=True, stdin=None, timeout_s=CLI_TIMEOUT_S):
        """Runs `tollgate ARGUMENTS`; its CompletedProcess."""
        done = subprocess.run(
            [build_dir() / "bin" / "tollgate", *map(str, arguments), *self._cli_tls()], text=True,
            input=stdin,
            capture_output=True, timeout=timeout_s, check=False, cwd=self.directory,
            env={**os.environ, "TOLLGATE_ADMIN": self.admin_grpc, "TOLLGATE_TOKEN": self.token,
                 "TOLLGATE_BILLING": self.billing_grpc, "TOLLGATE_CATALOG": self.catalog_grpc})
        if check:
            assert done.returncode == 0, (
                f"tollgate {' '.join(map(str, arguments))}: {done.returncode}\n"
                f"{done.stdout}{done.stderr}")
        return done

    def _cli_tls(self):
        if self.tls is None:
            return []
        ours = self.tls["admin"]
        return ["--tls-ca", ours.ca, "--tls-certificate", ours.certificate,
                "--tls-private-key", ours.private_key]

    def cli_json(self, *arguments):
        """The same with -o json, parsed."""
        return json.loads(self.cli(*arguments, "-o", "json").stdout)

    def audit(self, folder=None):
        """The offline audit of billing's store, which must not be running, or of a copy of its
        folder: the report. Fails on a difference."""
        done = self.cli("audit", "--store", folder or self.ledger_folder, "-o", "json", check=False,
                        timeout_s=AUDIT_TIMEOUT_S)
        assert done.returncode == 0, f"tollgate audit:\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def stop(self):
        """SIGTERM to all, the ones that depend on others first; every one must end with 0."""
        for process in reversed(self.processes):
            status = process.terminate()
            assert status in (0, -9), f"{process.name} ended with {status}:\n{process.log_tail()}"

    def kill(self):
        """Ends whatever runs, without a question."""
        for process in reversed(self.processes):
            process.kill()


class Standalone(Suite):
    """One process."""

    def __init__(self, directory, **_):
        super().__init__(directory)
        self._config = self.directory / "standalone.yaml"
        self._write_config({})
        self.standalone = self.program("standalone", "tollgate", "standalone", "--config",
                                       self._config)

    def start(self):
        """Starts it; the first time on free ports, which it keeps."""
        self.standalone.start()
        ready = self.standalone.ready
        token_file = Path(ready["admin_token_file"])
        self.token = token_file.read_text(encoding="utf-8").strip()
        self.inputs.add(token_file)
        self._write_config({
            "http": ready["http_url"], "directory": ready["directory_url"],
            "ops": ready["ops_url"], "admin": ready["admin_grpc"],
            "billing": ready["billing_grpc"], "catalog": ready["catalog_grpc"]})

    def _write_config(self, addresses):
        names = ("http", "directory", "admin", "ops", "billing", "catalog")
        lines = [f"  {name}: {(addresses.get(name) or lasting_address()).removeprefix('http://')}"
                 for name in names]
        self._config.write_text(f"data_dir: {self.directory}/data\nlisten:\n" + "\n".join(lines) +
                                "\n", encoding="utf-8")

    @property
    def ledger_folder(self):
        """Billing's store."""
        return self.directory / "data" / "billing"

    @property
    def api_urls(self):
        """Where the data plane serves."""
        return [self.standalone.ready["http_url"]]

    @property
    def ops_urls(self):
        """Where its health and metrics are."""
        return [self.standalone.ready["ops_url"]]

    @property
    def directory_url(self):
        """The public model directory."""
        return self.standalone.ready["directory_url"]

    @property
    def admin_grpc(self):
        """The control plane."""
        return self.standalone.ready["admin_grpc"]

    @property
    def billing_grpc(self):
        """Billing."""
        return self.standalone.ready["billing_grpc"]

    @property
    def catalog_grpc(self):
        """The catalog."""
        return self.standalone.ready["catalog_grpc"]


class Separate(Suite):
    """Four programs, or more with several data planes.

    `dataplane_options` and `billing_options` are further lines of their configuration files;
    `config_proxy` is called with the control plane's address and stands between it and the data
    planes; `billing_proxy` likewise between billing and each data plane. With `tls` all of them, and the admin, speak mutual TLS, and the API is https.
    """

    def __init__(self, directory, dataplanes=1, dataplane_options="", billing_options="",
                 config_proxy=None, billing_proxy=None, tls=False):
        super().__init__(directory)
        if tls:
            authority = Authority(self.directory / "certificates")
            self.tls = {name: authority.issue(name)
                        for name in ("catalog", "controlplane", "billing", "dataplane", "admin")}
            self.authority = authority
            self.inputs.update((self.directory / "certificates").iterdir())
        self._options = {"dataplane": dataplane_options, "billing": billing_options}
        self._make_proxy = config_proxy
        self.config_proxy = None
        self._make_billing_proxy = billing_proxy
        self.billing_proxies = {}  # By the name of the data plane.
        self._ports = {}
        token_hash = hashlib.sha256(self.token.encode()).hexdigest()
        self._pepper = self._secret("pepper", f"1:{secrets.token_hex(32)}\n")
        self._seal = self._secret("seal", secrets.token_hex(32) + "\n")
        self._token = self._secret("token", self.token + "\n")
        node_token = secrets.token_hex(24)
        node_hash = hashlib.sha256(node_token.encode()).hexdigest()
        self._node_token = self._secret("node-token", node_token + "\n")
        self._tokens = self._secret(
            "tokens", f"test admin {token_hash}\ntest-node node {node_hash}\n")
        self.catalog = self._service("catalog")
        self.controlplane = self._service("controlplane")
        self.billing = self._service("billing")
        self.dataplanes = [self._service(f"dataplane-{number}", "dataplane")
                           for number in range(dataplanes)]

    def _secret(self, name, text):
        path = write_private(self.directory / f"test-{name}", text)
        self.inputs.add(path)
        return path

    def _service(self, name, binary=None):
        process = self.program(name, f"tollgate-{binary or name}", "--config",
                               self.directory / f"{name}.yaml")
        start = process.start

        def configured_start(wait=True):
            self._configure(name, process)
            return start(wait)
        process.start = configured_start
        return process

    @property
    def dataplane(self):
        """The first data plane."""
        return self.dataplanes[0]

    def start(self):
        """Starts all, each before those that need it."""
        self.catalog.start()
        self.controlplane.start()
        self.billing.start()
        if self._make_proxy is not None:
            self.config_proxy = self._make_proxy(self.admin_grpc)
        for dataplane in self.dataplanes:
            if self._make_billing_proxy is not None:
                self.billing_proxies[dataplane.name] = self._make_billing_proxy(self.billing_grpc)
            dataplane.start()

    def stop(self):
        super().stop()
        for proxy in self.billing_proxies.values():
            proxy.stop()
        if self.config_proxy is not None:
            self.config_proxy.stop()

    def _address(self, process, key):
        """The address that the process had when it ran, else one that it will keep."""
        return (process.ready.get(key) or lasting_address()).split("://")[-1].split("/")[0]

    def _configure(self, name, process):
        """Writes the configuration file for the next start."""
        kind = name.split("-")[0]
        lines = [f"data_dir: {self.directory}/{name}", *getattr(self, f"_{kind}_lines")(process)]
        if self.tls is not None and kind != "dataplane":
            lines += ["tls:", *self.tls[kind].lines()]
        text = "\n".join(lines) + "\n" + self._options.get(kind, "")
        (self.directory / f"{name}.yaml").write_text(text, encoding="utf-8")

    def _client_tls(self, name):
        return [] if self.tls is None else ["  tls:", *self.tls[name].lines("    ")]

    def _catalog_lines(self, process):
        return [f"listen: {self._address(process, 'grpc')}",
                f"directory_listen: {self._address(process, 'directory_url')}",
                f"ops_listen: {LOOPBACK_ANY_PORT}", f"token_file: {self._tokens}"]

    def _controlplane_lines(self, process):
        return [f"listen: {self._address(process, 'admin_grpc')}",
                f"ops_listen: {LOOPBACK_ANY_PORT}", f"token_file: {self._tokens}",
                f"pepper_file: {self._pepper}", f"seal_key_file: {self._seal}",
                f"catalog_address: {self.catalog_grpc}"]

    def _billing_lines(self, process):
        return [f"listen: {self._address(process, 'grpc')}", "ops:",
                f"  listen: {LOOPBACK_ANY_PORT}", "control_plane:",
                f"  address: {self.admin_grpc}", *self._client_tls("billing"),
                f"seal_key_file: {self._seal}", "admin_tokens:",
                "  - name: test", "    role: admin", f"    token_file: {self._token}"]

    def _dataplane_lines(self, process):
        control_plane = self.config_proxy.address if self.config_proxy else self.admin_grpc
        proxy = self.billing_proxies.get(process.name)
        billing = proxy.address if proxy else self.billing_grpc
        # Without TLS tokens say who reads wallets and asks for quotas; with it, the certificate
        # does.
        reads_wallets = [f"  token_file: {self._token}"] if self.tls is None else []
        asks_for_quotas = [f"  token_file: {self._node_token}"] if self.tls is None else []
        http_tls = [] if self.tls is None else [
            "  tls:", *self.tls["dataplane"].lines("    ", with_ca=False)]
        return ["http:", f"  listen: {self._address(process, 'http_url')}", *http_tls, "ops:",
                f"  listen: {self._address(process, 'ops_url')}", "control_plane:",
                f"  address: {control_plane}", *asks_for_quotas, *self._client_tls("dataplane"),
                "billing:",
                f"  address: {billing}", *reads_wallets, *self._client_tls("dataplane"),
                f"pepper_file: {self._pepper}", f"seal_key_file: {self._seal}"]

    @property
    def ledger_folder(self):
        """Billing's store."""
        return self.directory / "billing"

    @property
    def api_urls(self):
        """Where the data planes serve."""
        return [process.ready["http_url"] for process in self.dataplanes]

    @property
    def ops_urls(self):
        """Where their health and metrics are."""
        return [process.ready["ops_url"] for process in self.dataplanes]

    @property
    def directory_url(self):
        """The public model directory."""
        return self.catalog.ready["directory_url"]

    @property
    def admin_grpc(self):
        """The control plane."""
        return self.controlplane.ready["admin_grpc"]

    @property
    def billing_grpc(self):
        """Billing."""
        return self.billing.ready["grpc"]

    @property
    def catalog_grpc(self):
        """The catalog."""
        return self.catalog.ready["grpc"]


TOPOLOGIES = {"separate": Separate, "standalone": Standalone}
