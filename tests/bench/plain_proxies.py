"""nginx and HAProxy as plain reverse proxies: what Tollgate's cost is measured against.

Both are configured as performance-minded operators would: keep-alive on both sides, no buffering of
streams, no access log (a plain proxy does no accounting).
"""
import signal
import subprocess
import time
import urllib.error
import urllib.request

import measure

NGINX_CONF = """
daemon off;
master_process {master};
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/nginx.log error;
events {{ worker_connections 32768; }}
http {{
  access_log off;
  client_body_temp_path {folder}/nginx-body;
  proxy_temp_path {folder}/nginx-proxy;
  fastcgi_temp_path {folder}/nginx-a;
  uwsgi_temp_path {folder}/nginx-b;
  scgi_temp_path {folder}/nginx-c;
  client_body_buffer_size 512k;
  client_max_body_size 16m;
  keepalive_requests 100000000;
  upstream provider {{
    server 127.0.0.1:{upstream_port};
    keepalive 1024;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096 reuseport;
    location / {{
      proxy_pass {scheme}://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
      proxy_ssl_session_reuse on;
    }}
  }}
}}
"""

HAPROXY_CONF = """
global
  nbthread {workers}
  maxconn {connections_max}
defaults
  mode http
  option http-no-delay
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend in
  bind 127.0.0.1:{port} backlog 4096
  default_backend provider
backend provider
  server one 127.0.0.1:{upstream_port} {tls}
"""


class Proxy:
    """A started proxy: `pids` is what its cost is read from."""

    def __init__(self, name, process, port):
        self.name = name
        self.process = process
        self.port = port
        self.key = ""
        self.model = "bench-chat"
        self.path = ""
        self.headers = []
        self.extra_pids = []  # Of work done elsewhere on its behalf.

    @property
    def pids(self):
        """The processes that serve."""
        return measure.process_tree(self.process.pid)

    def stop(self):
        """Ends it."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Direct(Proxy):
    """No proxy: the load goes straight to the provider."""

    def __init__(self, port):
        super().__init__("direct", None, port)

    @property
    def pids(self):
        return []

    def stop(self):
        pass


def core_list(cores):
    """As taskset has it."""
    return ",".join(map(str, cores))


def wait_for_port(port, process, seconds=10):
    """Until something answers HTTP there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the proxy ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1) as answer:
                answer.read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port} after {seconds} s")


def start_nginx(folder, port, upstream_port, workload, cores):
    """nginx with a worker on each of `cores`."""
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(
        folder=folder, port=port, upstream_port=upstream_port,
        scheme="https" if workload.upstream_tls else "http",
        workers=len(cores), master="on" if len(cores) > 1 else "off"), encoding="utf-8")
    process = subprocess.Popen(["taskset", "-c", core_list(cores), "nginx", "-c", str(conf)])
    wait_for_port(port, process)
    return Proxy("nginx", process, port)


def start_haproxy(folder, port, upstream_port, workload, cores):
    """HAProxy with a thread on each of `cores`."""
    conf = folder / "haproxy.cfg"
    conf.write_text(HAPROXY_CONF.format(
        port=port, upstream_port=upstream_port, workers=len(cores),
        connections_max=max(workload.connections + 200, 2000),
        tls="ssl verify none" if workload.upstream_tls else ""), encoding="utf-8")
    process = subprocess.Popen(["taskset", "-c", core_list(cores), "haproxy", "-db", "-f",
                                str(conf)])
    wait_for_port(port, process)
    return Proxy("haproxy", process, port)
