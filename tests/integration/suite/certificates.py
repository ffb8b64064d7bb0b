"""A certificate authority of the test's own, by the openssl command."""
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

PRIVATE = 0o600
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """Paths of PEM files."""

    certificate: Path
    private_key: Path
    ca: Path

    def lines(self, indent="  ", with_ca=True):
        """The lines of a `tls` section in a configuration file."""
        names = ("certificate", "private_key", "ca") if with_ca else ("certificate", "private_key")
        return [f"{indent}{name}: {getattr(self, name)}" for name in names]


class Authority:
    """Issues certificates for programs on 127.0.0.1, good for a day."""

    def __init__(self, folder):
        self._folder = Path(folder)
        self._folder.mkdir()
        self.ca = self._folder / "ca.pem"
        self._openssl("req", "-x509", *NEW_KEY, "-days", "1", "-subj", "/CN=test-authority",
                      "-keyout", self._folder / "ca.key", "-out", self.ca)

    def issue(self, name, file_stem=None):
        """A certificate whose common name is `name`, for servers and clients."""
        stem = self._folder / (file_stem or name)
        request, extensions = stem.with_suffix(".csr"), stem.with_suffix(".ext")
        found = Certificate(stem.with_suffix(".pem"), stem.with_suffix(".key"), self.ca)
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", encoding="utf-8")
        self._openssl("req", *NEW_KEY, "-subj", f"/CN={name}", "-keyout", found.private_key,
                      "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey",
                      self._folder / "ca.key", "-CAcreateserial", "-days", "1", "-extfile",
                      extensions, "-out", found.certificate)
        os.chmod(found.private_key, PRIVATE)
        return found

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
