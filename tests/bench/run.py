#!/usr/bin/env python3
"""Measures Tollgate beside plain proxies, in one run, and prints figures and ratios.

    tests/bench/run.py                         every workload, three repeats
    tests/bench/run.py --workloads json_c64 --repeat 5
    tests/bench/run.py --peers nginx,haproxy,tollgate

Needs a release build (cmake --preset release && cmake --build --preset release), nginx and HAProxy
(deploy/install-deps.sh --bench), two cores, no root, and the Python packages of
tests/integration/setup_clients.sh: run it with build/venv/bin/python.  The proxy under test is
pinned to core 0, the load generator and the provider to core 1; at c=1 all share core 0, which
takes the wake-ups of idle virtual cores out of the latency.  What counts is the ratio to nginx
within the run.
"""
import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import measure  # noqa: E402
import plain_proxies  # noqa: E402
import report  # noqa: E402
import tollgate_proxy  # noqa: E402
import tls_provider  # noqa: E402
from workloads import WORKLOADS  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PROXY_CORE, LOAD_CORE = 0, 1
FIRST_PORT = 18080


def start_upstream(binary, workload, core):
    command = ["taskset", "-c", str(core), str(binary), "--port", "0",
               "--chunks", str(workload.chunks), "--rate", str(workload.rate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, int(process.stdout.readline())


def start_proxy(name, folder, port, upstream_port, workload, binaries, certificate):
    tls = workload.upstream_tls
    if name == "nginx":
        return plain_proxies.start_nginx(folder, port, upstream_port, tls, PROXY_CORE)
    if name == "haproxy":
        return plain_proxies.start_haproxy(folder, port, upstream_port, tls, PROXY_CORE)
    if name == "tollgate":
        scheme = "https" if tls else "http"
        return tollgate_proxy.start(folder, f"{scheme}://localhost:{upstream_port}", workload,
                                    binaries, PROXY_CORE, LOAD_CORE, certificate)
    raise SystemExit(f"no peer is named {name}; there are nginx, haproxy and tollgate")


def run_once(name, workload, upstream_port, binaries, port, certificate=None):
    load_core = PROXY_CORE if workload.same_core else LOAD_CORE
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        proxy = start_proxy(name, Path(folder), port, upstream_port, workload, binaries,
                            certificate)
        try:
            idle_rss = measure.rss_bytes(proxy.pids)
            warm = measure.run_load(binaries / "bench-load", Short(workload), proxy.port, load_core,
                                    proxy.key, proxy.model)
            before = measure.cpu_seconds(proxy.pids)
            extra_before = measure.cpu_seconds(proxy.extra_pids)
            started = time.monotonic()
            load = measure.run_load(binaries / "bench-load", workload, proxy.port, load_core,
                                    proxy.key, proxy.model)
            seconds = time.monotonic() - started
            after = measure.cpu_seconds(proxy.pids)
            extra_after = measure.cpu_seconds(proxy.extra_pids)
            rss = measure.rss_bytes(proxy.pids)
        finally:
            proxy.stop()
    del warm
    return figures(workload, load, before, after, extra_before, extra_after, seconds, rss, idle_rss)


class Short:
    """The same workload, just long enough to fill the pools."""

    def __init__(self, workload):
        self.__dict__.update(workload.__dict__)
        self.seconds = 0.5


def figures(workload, load, before, after, extra_before, extra_after, seconds, rss, idle_rss):
    count = load["chunks"] if workload.unit == "chunk" else load["requests"]
    rate = load["chunks_per_second"] if workload.unit == "chunk" else load["rps"]
    # The load's own warm-up is in the CPU too: scale by the time that the counts cover.
    share = load["seconds"] / seconds if seconds else 1
    user, kernel = after[0] - before[0], after[1] - before[1]
    extra = sum(extra_after) - sum(extra_before)
    per = 1e6 * share / count if count else 0
    latency = load["chunk_latency_us"] if workload.stream else load["latency_us"]
    return {
        "cpu_us": (user + kernel) * per, "user_us": user * per, "kernel_us": kernel * per,
        "extra_cpu_us": extra * per, "per_second": rate, "errors": load["errors"],
        "p50_us": latency["p50"], "p99_us": latency["p99"], "p999_us": latency["p999"],
        "ttft_p50_us": load["ttft_us"]["p50"],
        "rss_mib": rss / 2**20,
        "stream_kib": max(rss - idle_rss, 0) / 1024 / workload.connections,
    }


def run_workload(workload, peers, repeat, binaries, upstream_binaries):
    """Repeats, the proxies interleaved; a paired workload runs nginx on both sides of each peer."""
    runs = {peer: [] for peer in peers}
    upstream_core = PROXY_CORE if workload.same_core else LOAD_CORE
    process, upstream_port = start_upstream(upstream_binaries / "bench-upstream", workload,
                                            upstream_core)
    tls = tls_provider.start(upstream_port, upstream_core) if workload.upstream_tls else None
    proxied_port = tls.port if tls else upstream_port
    certificate = tls.certificate if tls else None
    port = FIRST_PORT
    try:
        for _ in range(repeat):
            nginx_before = None
            for peer in peers:
                port += 1
                run = run_once(peer, workload, proxied_port, binaries, port, certificate)
                if peer == "nginx":
                    nginx_before = run
                elif nginx_before:
                    base = nginx_before["cpu_us"]
                    if workload.paired:
                        port += 1
                        nginx_after = run_once("nginx", workload, proxied_port, binaries, port)
                        runs["nginx"].append(nginx_after)
                        base = (base + nginx_after["cpu_us"]) / 2
                        nginx_before = nginx_after
                    run["ratio"] = run["cpu_us"] / base if base else None
                    if run["extra_cpu_us"] and base:
                        run["ratio_with_billing"] = (run["cpu_us"] + run["extra_cpu_us"]) / base
                runs[peer].append(run)
    finally:
        process.kill()
        if tls:
            tls.stop()
    return runs


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="all", help="names, comma separated")
    parser.add_argument("--peers", default="nginx,haproxy,tollgate")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--binaries", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    arguments = parser.parse_args()

    names = {workload.name for workload in WORKLOADS}
    wanted = names if arguments.workloads == "all" else set(arguments.workloads.split(","))
    if wanted - names:
        raise SystemExit(f"no workload {', '.join(wanted - names)}; there are {', '.join(names)}")
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load")
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = {"machine": platform.platform(), "workloads": {}, "titles": {}}
    for workload in WORKLOADS:
        if workload.name not in wanted:
            continue
        print(f"{workload.title} …", file=sys.stderr, flush=True)
        results["titles"][workload.name] = workload.title
        results["workloads"][workload.name] = run_workload(
            workload, arguments.peers.split(","), arguments.repeat, arguments.binaries,
            arguments.binaries)
        report.write_json(results, arguments.out / "bench.json")
    report.print_table(results)
    report.write_svg(results, arguments.out / "bench.svg")
    print(f"\nwritten: {arguments.out}/bench.json, {arguments.out}/bench.svg")


if __name__ == "__main__":
    main()
