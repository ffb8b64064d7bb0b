#!/usr/bin/env python3
"""Measures Tollgate beside plain proxies, in one run, and prints figures and ratios.

    tests/bench/run.sh                         everything, three repeats; about 25 minutes
    tests/bench/run.sh --quick                 everything, once and briefly
    tests/bench/run.sh --workloads json_c64 --repeat 5
    tests/bench/run.sh --peer portkey --peer litellm --workloads json_c64
    tests/bench/run.sh --doc docs/performance.md      and writes the figures into the document

run.sh builds what is measured (release) and calls this with the tests' Python.  The proxy under
test is pinned to core 0, the load generator, the provider and Tollgate's other programs to core 1;
where a workload says "one core" client, proxy and provider share core 0, which takes the wake-ups
of idle virtual cores out of the latency.  What counts is the ratio to nginx within the run.
"""
import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import gateway_peers  # noqa: E402
import ledger_run  # noqa: E402
import measure  # noqa: E402
import plain_proxies  # noqa: E402
import report  # noqa: E402
import report_doc  # noqa: E402
import start_up  # noqa: E402
import tls_provider  # noqa: E402
import tollgate_proxy  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
PROXIES = ("nginx", "tollgate", "haproxy")
PROXY_CORE, LOAD_CORE = 0, 1
FIRST_PORT = 18080
QUICK_SECONDS = 1.0
EXTRAS = ("start_up", "ledger", "config")


class Bench:
    """One run: where things are, and the ports that are still free."""

    def __init__(self, binaries, peer_home, connections_max):
        self.binaries = binaries
        self.peer_home = peer_home
        self.connections_max = connections_max
        self._port = FIRST_PORT

    def next_port(self):
        """Ports are not used twice, since closed connections linger."""
        self._port += 1
        return self._port

    @contextlib.contextmanager
    def upstream(self, workload, cores):
        """The provider, one process a core, all on one port; with TLS in front if it must be."""
        processes, port = [], 0
        tls = None
        try:
            for core in cores:
                processes.append(subprocess.Popen(
                    ["taskset", "-c", str(core), str(self.binaries / "bench-upstream"), "--port",
                     str(port), "--chunks", str(workload.chunks), "--rate", str(workload.rate)],
                    stdout=subprocess.PIPE, text=True))
                port = int(processes[-1].stdout.readline())
            if workload.upstream_tls:
                tls = tls_provider.start(port, cores[0])
            yield tls.port if tls else port, tls.certificate if tls else None
        finally:
            if tls:
                tls.stop()
            for process in processes:
                process.kill()
                process.wait()

    def start_proxy(self, name, folder, upstream_port, workload, certificate):
        """A proxy by name, on the cores that the workload gives it."""
        cores = list(range(PROXY_CORE, PROXY_CORE + workload.cores))
        if name == "direct":
            return plain_proxies.Direct(upstream_port)
        if name == "tollgate":
            scheme = "https" if workload.upstream_tls else "http"
            return tollgate_proxy.start(folder, f"{scheme}://localhost:{upstream_port}", workload,
                                        self.binaries, cores, LOAD_CORE, certificate)
        port = self.next_port()
        if name == "nginx":
            return plain_proxies.start_nginx(folder, port, upstream_port, workload, cores)
        if name == "haproxy":
            return plain_proxies.start_haproxy(folder, port, upstream_port, workload, cores)
        return gateway_peers.PEERS[name](self.peer_home, folder, port, upstream_port, workload,
                                         cores)


def figures(workload, load, idle_rss):
    """What one loaded run says."""
    count = load["chunks"] if workload.unit == "chunk" else load["requests"]
    own, extra = (load["watched"] + [{"user_s": 0, "kernel_s": 0, "rss_bytes": 0}] * 2)[:2]
    per = 1e6 / count if count else 0
    latency = load["chunk_latency_us"] if workload.stream else load["latency_us"]
    return {
        "cpu_us": (own["user_s"] + own["kernel_s"]) * per, "user_us": own["user_s"] * per,
        "kernel_us": own["kernel_s"] * per,
        "extra_cpu_us": (extra["user_s"] + extra["kernel_s"]) * per,
        "per_second": load["chunks_per_second" if workload.unit == "chunk" else "rps"],
        "errors": load["errors"],
        "p50_us": latency["p50"], "p99_us": latency["p99"], "p999_us": latency["p999"],
        "ttft_p50_us": load["ttft_us"]["p50"], "rss_mib": own["rss_bytes"] / 2**20,
        "connections": workload.connections,
        "stream_kib": max(own["rss_bytes"] - idle_rss, 0) / 1024 / workload.connections,
    }


def run_workload(bench, workload, names, repeat):
    """All proxies of a workload run side by side; each in turn is loaded, `repeat` times."""
    if workload.direct:
        names = ["direct", *names]
    if workload.idle:
        repeat = 1  # What streams of a former round left behind would not be seen again.
    if workload.same_core:
        load_cores = list(range(PROXY_CORE, PROXY_CORE + workload.cores))
    else:
        load_cores = [LOAD_CORE]
    runs = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        upstream_port, certificate = stack.enter_context(bench.upstream(workload, load_cores))
        proxies, idle_rss = {}, {}
        for name in names:
            folder = Path(stack.enter_context(
                tempfile.TemporaryDirectory(prefix="tollgate-bench-")))
            proxies[name] = bench.start_proxy(name, folder, upstream_port, workload, certificate)
            stack.callback(proxies[name].stop)

        def run(name):
            proxy = proxies[name]
            if name not in idle_rss:
                # Pools are filled first, so that what streams need later is theirs alone.
                measure.run_load(bench.binaries / "bench-load",
                                 workload.shortened(0.3, 64), proxy, load_cores, 0.2)
                idle_rss[name] = measure.rss_bytes(proxy.pids)
            pids = [one for pid in proxy.pids for one in measure.process_tree(pid)]
            before = measure.thread_seconds(pids)
            load = measure.run_load(bench.binaries / "bench-load", workload, proxy, load_cores)
            runs[name].append(figures(workload, load, idle_rss[name]))
            if workload.cores > 1:
                runs[name][-1]["balance"] = measure.balance(
                    before, measure.thread_seconds(pids), workload.cores)
            return runs[name][-1]

        for _ in range(repeat):
            nginx = None
            for name in names:
                one = run(name)
                if name == "nginx":
                    nginx = one
                elif nginx and name != "direct":
                    after = run("nginx") if workload.paired else nginx
                    set_ratios(one, (nginx["cpu_us"] + after["cpu_us"]) / 2)
                    nginx = after
    return runs


def set_ratios(run, base):
    """Relative to what nginx needed just before, and just after if the workload is paired."""
    if not base:
        return
    run["ratio"] = run["cpu_us"] / base
    run["ratio_with_billing"] = (run["cpu_us"] + run["extra_cpu_us"]) / base


def run_start_up(bench, repeat):
    """Cold start and idle memory."""
    workload = Workload("start_up", "")
    with bench.upstream(workload, [LOAD_CORE]) as (port, _):
        return {**start_up.cold_start(bench.binaries, port, repeat + 2),
                "idle_mib": start_up.idle_memory(bench.binaries, port, workload, [PROXY_CORE])}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workloads", default="all",
                        help=f"names, comma separated; also {', '.join(EXTRAS)}; default all")
    parser.add_argument("--proxies", default=",".join(PROXIES))
    parser.add_argument("--peer", action="append", default=[], choices=gateway_peers.PEERS,
                        help="also race this gateway; it is installed when it is missing")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one repeat, a second each")
    parser.add_argument("--binaries", type=Path, default=ROOT / "build/release/bin")
    parser.add_argument("--out", type=Path, default=ROOT / "build/bench")
    parser.add_argument("--doc", type=Path, help="write tables and picture into this document")
    arguments = parser.parse_args()
    known = [workload.name for workload in WORKLOADS] + list(EXTRAS)
    arguments.workloads = known if arguments.workloads == "all" else arguments.workloads.split(",")
    for name in arguments.workloads:
        if name not in known:
            parser.error(f"no workload {name}; there are {', '.join(known)}")
    arguments.proxies = arguments.proxies.split(",") + arguments.peer
    for name in arguments.proxies:
        if name not in (*PROXIES, *gateway_peers.PEERS):
            parser.error(f"no proxy {name}; there are {', '.join(PROXIES)}")
    return arguments


def machine():
    """What it ran on, in words."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{os.cpu_count()} × {model}, Linux {platform.release()}"


def main():
    arguments = parse_arguments()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("two cores are needed: one for the proxy, one for the load")
    arguments.out.mkdir(parents=True, exist_ok=True)
    connections_max = measure.raise_file_limit()
    bench = Bench(arguments.binaries, arguments.out / "peers", connections_max)
    repeat = 1 if arguments.quick else arguments.repeat
    results = {"machine": machine(), "time": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
               "repeat": repeat, "workloads": {}, "titles": {}, "units": {}}

    def done(name, value):
        results[name] = value
        report.write_json(results, arguments.out / "bench.json")

    for workload in WORKLOADS:
        if workload.name not in arguments.workloads:
            continue
        if workload.connections > connections_max:
            print(f"{workload.name}: only {connections_max} connections instead of "
                  f"{workload.connections}, since files are limited (ulimit -n)", file=sys.stderr)
        shown = workload.shortened(QUICK_SECONDS if arguments.quick else workload.seconds,
                                   connections_max)
        names = arguments.proxies
        if workload.cores > 1 or workload.name == "chain_1_core":
            names = [name for name in names if name in ("nginx", "tollgate")]
        print(f"{workload.title} …", file=sys.stderr, flush=True)
        results["titles"][workload.name] = workload.title
        results["units"][workload.name] = workload.unit
        results["workloads"][workload.name] = run_workload(bench, shown, names, repeat)
        report.write_json(results, arguments.out / "bench.json")
    if "start_up" in arguments.workloads:
        print("Start and idle memory …", file=sys.stderr, flush=True)
        done("start_up", run_start_up(bench, repeat))
    if "ledger" in arguments.workloads:
        print("Ledger …", file=sys.stderr, flush=True)
        done("ledger", ledger_run.run(bench.binaries, PROXY_CORE, repeat, arguments.quick))
    if "config" in arguments.workloads:
        print("Configuration …", file=sys.stderr, flush=True)
        printed = subprocess.run(
            [bench.binaries / "bench-config", *(["--quick"] if arguments.quick else [])],
            stdout=subprocess.PIPE, check=True).stdout
        done("config", json.loads(printed))
    report.print_table(results)
    report.write_svg(results, arguments.out / "bench.svg")
    print(f"\nwritten: {arguments.out}/bench.json, {arguments.out}/bench.svg")
    if arguments.doc:
        report_doc.update(results, arguments.doc)
        print(f"updated: {arguments.doc}")


if __name__ == "__main__":
    main()
