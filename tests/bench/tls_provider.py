"""TLS in front of the benchmark's provider: nginx with a certificate made for the run."""
import subprocess
import tempfile
from pathlib import Path

import plain_proxies

CONF = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/tls.pid;
error_log {folder}/tls.log error;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  keepalive_requests 100000000;
  upstream provider {{ server 127.0.0.1:{upstream_port}; keepalive 1024; }}
  server {{
    listen 127.0.0.1:{port} ssl backlog=4096;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_session_cache shared:tls:10m;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
PORT = 18070


class TlsProvider:
    """A started one."""

    def __init__(self, process, folder):
        self.process, self.folder, self.port = process, folder, PORT

    @property
    def certificate(self):
        return Path(self.folder.name) / "cert.pem"

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        self.folder.cleanup()


def start(upstream_port, core):
    """nginx with TLS on PORT before the provider."""
    folder = tempfile.TemporaryDirectory(prefix="tollgate-bench-tls-")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", f"{folder.name}/key.pem", "-out", f"{folder.name}/cert.pem"],
                   check=True, capture_output=True)
    conf = Path(folder.name) / "tls.conf"
    conf.write_text(CONF.format(folder=folder.name, port=PORT, upstream_port=upstream_port))
    process = subprocess.Popen(["taskset", "-c", str(core), "nginx", "-c", str(conf)])
    plain_proxies.wait_for_port(PORT, process)
    return TlsProvider(process, folder)
