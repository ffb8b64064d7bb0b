"""Other AI gateways that a user can install beside Tollgate, by flag (run.py --peer NAME).

    portkey    @portkey-ai/gateway from npm; needs node and npm
    litellm    litellm[proxy] from PyPI; needs python3 with venv

Each is installed once, into a folder of the benchmark's own (build/bench/peers), and run with one
worker.  They get the load of the other proxies; what they govern is what they can without a
database: Portkey nothing, LiteLLM one master key.
"""
import os
import subprocess

import plain_proxies

PORTKEY = "@portkey-ai/gateway@1.15.2"
LITELLM = "litellm[proxy]==1.93.0"
LITELLM_KEY = "sk-bench-master"
LITELLM_CONFIG = """
model_list:
  - model_name: bench/chat
    litellm_params:
      model: openai/bench-chat
      api_base: http://127.0.0.1:{upstream_port}/v1
      api_key: bench-provider-key
general_settings:
  master_key: {key}
litellm_settings:
  telemetry: false
"""
START_TIMEOUT_S = 120


def start_portkey(home, folder, port, upstream_port, workload, cores):
    """Portkey's gateway, told the provider by headers."""
    del workload
    install = home / "portkey"
    if not (install / "node_modules/@portkey-ai/gateway").is_dir():
        install.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", str(install),
                        PORTKEY], check=True)
    with open(folder / "portkey.log", "wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", plain_proxies.core_list(cores), "node",
             str(install / "node_modules/@portkey-ai/gateway/build/start-server.js"),
             f"--port={port}", "--headless"], stdout=log, stderr=log,
            env={**os.environ, "NODE_ENV": "production", "PORT": str(port)})
    plain_proxies.wait_for_port(port, process, START_TIMEOUT_S)
    proxy = plain_proxies.Proxy("portkey", process, port)
    proxy.key = "bench-provider-key"
    proxy.headers = ["x-portkey-provider: openai",
                     f"x-portkey-custom-host: http://127.0.0.1:{upstream_port}/v1"]
    return proxy


def start_litellm(home, folder, port, upstream_port, workload, cores):
    """LiteLLM's proxy with one worker and a master key."""
    del workload
    install = home / "litellm"
    if not (install / "bin/litellm").is_file():
        subprocess.run(["python3", "-m", "venv", str(install)], check=True)
        subprocess.run([str(install / "bin/pip"), "install", "-q", LITELLM], check=True)
    config = folder / "litellm.yaml"
    config.write_text(LITELLM_CONFIG.format(upstream_port=upstream_port, key=LITELLM_KEY),
                      encoding="utf-8")
    with open(folder / "litellm.log", "wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", plain_proxies.core_list(cores), str(install / "bin/litellm"),
             "--config", str(config), "--host", "127.0.0.1", "--port", str(port),
             "--num_workers", "1"], stdout=log, stderr=log,
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"})
    plain_proxies.wait_for_port(port, process, START_TIMEOUT_S)
    proxy = plain_proxies.Proxy("litellm", process, port)
    proxy.key = LITELLM_KEY
    proxy.model = "bench/chat"
    return proxy


PEERS = {"portkey": start_portkey, "litellm": start_litellm}
