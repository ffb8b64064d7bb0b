"""nginx and HAProxy as plain reverse proxies: what Tollgate's cost is measured against.

Both are configured as performance-minded operators would: keep-alive on both sides, no buffering of
streams, no access log (a plain proxy does no accounting).
"""
import signal
import subprocess
import time
import urllib.request

NGINX_CONF = """
daemon off;
master_process off;
worker_processes 1;
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
    listen 127.0.0.1:{port} backlog=4096;
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
  nbthread 1
  maxconn 9000
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

    name = ""

    def __init__(self, process, port):
        self.process = process
        self.port = port
        self.key = ""
        self.model = "bench-chat"
        self.extra_pids = []

    @property
    def pids(self):
        return [self.process.pid]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)


def wait_for_port(port, process, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the proxy ended with status {process.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=1).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"nothing listens on port {port} after {seconds} s")


def start_nginx(folder, port, upstream_port, upstream_tls, core):
    conf = folder / "nginx.conf"
    conf.write_text(NGINX_CONF.format(folder=folder, port=port, upstream_port=upstream_port,
                                      scheme="https" if upstream_tls else "http"))
    process = subprocess.Popen(["taskset", "-c", str(core), "nginx", "-c", str(conf)])
    wait_for_port(port, process)
    proxy = Proxy(process, port)
    proxy.name = "nginx"
    return proxy


def start_haproxy(folder, port, upstream_port, upstream_tls, core):
    conf = folder / "haproxy.cfg"
    conf.write_text(HAPROXY_CONF.format(port=port, upstream_port=upstream_port,
                                        tls="ssl verify none" if upstream_tls else ""))
    process = subprocess.Popen(["taskset", "-c", str(core), "haproxy", "-db", "-f", str(conf)])
    wait_for_port(port, process)
    proxy = Proxy(process, port)
    proxy.name = "haproxy"
    return proxy
