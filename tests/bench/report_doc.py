#!/usr/bin/env python3
"""Writes a run's figures into docs/performance.md, and its picture and JSON beside it.

    tests/bench/report_doc.py build/bench/bench.json docs/performance.md

What lies between the lines `<!-- bench:NAME -->` and `<!-- /bench:NAME -->` is replaced; the rest
of the document is written by hand.
"""
import json
import re
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
import report  # noqa: E402


KEYS = 1_000_000            # So many the figures of the configuration are about.
PLAIN = ("direct", "nginx", "tollgate", "haproxy")


def cell(value, digits=1):
    """A number for a table; a dash for none."""
    return "–" if value is None else f"{value:,.{digits}f}"


def table(header, rows):
    """A Markdown table; the first column is text."""
    lines = ["| " + " | ".join(header) + " |",
             "| --- |" + " ---: |" * (len(header) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


class Figures:
    """The figures to reach, out of a run; None for what was not measured."""

    def __init__(self, results):
        self._results = results
        self._workloads = results["workloads"]

    def median(self, workload, proxy, key):
        """Over the repeats."""
        runs = self._workloads.get(workload, {}).get(proxy)
        values = [run[key] for run in runs or [] if run.get(key) is not None]
        return median(values) if values else None

    def ratio(self, workload, key="ratio"):
        """Tollgate's, to nginx."""
        return self.median(workload, "tollgate", key)

    def quotient(self, one, other):
        """One figure by another."""
        return one / other if one and other else None

    def added(self, workload, proxy, key="p50_us"):
        """What a proxy adds to the direct way, in µs."""
        through, direct = (self.median(workload, name, key) for name in (proxy, "direct"))
        return through - direct if through is not None and direct is not None else None

    def added_ratio(self):
        """What Tollgate adds to the median at c=1, by what nginx adds."""
        return self.quotient(self.added("json_c1", "tollgate"), self.added("json_c1", "nginx"))

    def ttft_above_nginx(self):
        """By how many µs the first chunk is later than through nginx."""
        ours, theirs = (self.median("sse_64x50", name, "ttft_p50_us")
                        for name in ("tollgate", "nginx"))
        return ours - theirs if ours is not None and theirs is not None else None

    def governance_percent(self):
        """By how much governance raises the ratio to nginx."""
        share = self.quotient(self.ratio("json_c64"), self.ratio("json_c64_off"))
        return (share - 1) * 100 if share else None

    def cores(self, proxy):
        """Throughput on two cores by that on one."""
        return self.quotient(self.median("chain_2_cores", proxy, "per_second"),
                             self.median("chain_1_core", proxy, "per_second"))

    def scaling(self):
        """Tollgate's CPU per request with one worker by that with two, by the same of nginx."""
        return self.quotient(self.ratio("chain_1_core"), self.ratio("chain_2_cores"))

    def balance_percent(self):
        """How much of the busier worker's time the other one needs."""
        share = self.median("chain_2_cores", "tollgate", "balance")
        return share * 100 if share is not None else None

    def translated(self, workload, passed_through):
        """The cost of a translated workload by that of the one that passes through."""
        return self.quotient(self.ratio(workload), self.ratio(passed_through))

    def extra(self, part, *path):
        """A figure of start_up, ledger or config."""
        value = self._results.get(part)
        for key in path:
            value = value.get(key) if value else None
        return value


def goals(results):
    """The issue's table: figure, what to reach, what to aim for, what was measured."""
    f = Figures(results)
    cold = f.extra("start_up", "cold_start_ms")
    keys = f.extra("config", "keys") or KEYS
    of_keys = f"{keys:,} keys"
    rows = [
        ("CPU per request, 1 KB, c=1, × nginx", 1.15, 0.95, f.ratio("json_c1"), 2),
        ("CPU per request, 1 KB, c=64, × nginx", 1.15, 0.95, f.ratio("json_c64"), 2),
        ("the same with billing, c=1", 1.5, 1.2, f.ratio("json_c1", "ratio_with_billing"), 2),
        ("the same with billing, c=64", 1.5, 1.2, f.ratio("json_c64", "ratio_with_billing"), 2),
        ("added p50, c=1, same core, × nginx's", 1.2, 0.9, f.added_ratio(), 2),
        ("governance off → on, % CPU", 5, 3, f.governance_percent(), 1),
        ("CPU per SSE chunk, 1,000 × 100/s, × nginx", 1.2, 1.0, f.ratio("sse_1000x100"), 2),
        ("first chunk after nginx's, p50, µs", 10, 0, f.ttft_above_nginx(), 1),
        ("chat completions on Anthropic's format, × passed through", 2, 1.5,
         f.translated("chat_to_messages", "json_c64"), 2),
        ("Anthropic's messages on OpenAI's format, × passed through", 2, 1.5,
         f.translated("messages_to_chat", "json_c64"), 2),
        ("the former's stream, an event, × passed through", 2, 1.5,
         f.translated("sse_chat_to_messages", "sse_flat_out"), 2),
        ("the latter's stream, an event, × passed through", 2, 1.5,
         f.translated("sse_messages_to_chat", "sse_flat_out"), 2),
        ("100 KB prompt, × nginx", 1.2, 1.0, f.ratio("prompt_100k"), 2),
        ("idle data plane, MiB", 30, 15, f.extra("start_up", "idle_mib", "dataplane-0"), 1),
        ("live stream, KiB", 48, 24, f.median("idle_streams", "tollgate", "stream_kib"), 1),
        ("durable records, batches of 1,000, % of db_bench", 60, 80,
         f.extra("ledger", "percent_of_rocksdb"), 0),
        (f"{of_keys}: load, s", 3, 1, f.extra("config", "load_s"), 2),
        (f"{of_keys}: bytes a key", 250, 150, f.extra("config", "bytes_per_key"), 0),
        (f"{of_keys}: revocation p99, ms", 100, 50, f.extra("config", "revocation_p99_ms"), 1),
        ("cold start to first answer, ms", 300, 150, median(cold) if cold else None, 0),
        ("throughput of 2 cores, × 1 core", 1.9, None, f.cores("tollgate"), 2),
        ("2 workers: CPU per request of 1 by that of 2, × nginx's", 0.95, None, f.scaling(), 2),
        ("2 workers: the less busy one, % of the other", 80, None, f.balance_percent(), 0),
    ]
    at_least = {"durable records, batches of 1,000, % of db_bench"} | {row[0] for row in rows[-3:]}
    for title, reach, aim, value, digits in rows:
        good = (lambda goal: value >= goal) if title in at_least else (lambda goal: value <= goal)
        verdict = ("not measured" if value is None else
                   f"not with {KEYS:,} keys" if title.startswith(of_keys) and keys != KEYS else
                   "aim reached" if aim is not None and good(aim) else
                   "reached" if good(reach) else "**short**")
        sign = "≥" if title in at_least else "≤"
        yield (title, f"{sign} {reach:g}", "" if aim is None else f"{sign} {aim:g}",
               cell(value, digits), verdict)


def proxies_table(results):
    """Every proxy at every workload."""
    rows = []
    for workload, proxy, runs in report.rows(results):
        title = results["titles"][workload] if proxy == next(
            iter(results["workloads"][workload])) else ""
        ratios = report.ratios(runs)
        errors = sum(run["errors"] for run in runs)
        rows.append((title, f"{proxy} ({errors:,} errors)" if errors else proxy,
                     cell(report.mid(runs, "cpu_us")) if proxy != "direct" else "–",
                     cell(report.mid(runs, "user_us")) if proxy != "direct" else "–",
                     cell(report.mid(runs, "kernel_us")) if proxy != "direct" else "–",
                     report.spread(ratios) if ratios else "1" if proxy == "nginx" else "–",
                     cell(report.mid(runs, "per_second"), 0), cell(report.mid(runs, "p50_us"), 0),
                     cell(report.mid(runs, "p99_us"), 0), cell(report.mid(runs, "p999_us"), 0),
                     cell(report.mid(runs, "rss_mib")) if proxy != "direct" else "–"))
        if proxy == "tollgate":
            both = [run["cpu_us"] + run["extra_cpu_us"] for run in runs]
            ratios = report.ratios(runs, "ratio_with_billing")
            rows.append(("", "+ billing", cell(median(both)), "", "",
                         report.spread(ratios) if ratios else "–", "", "", "", "", ""))
    return table(("workload", "proxy", "CPU µs", "user", "kernel", "× nginx (spread)", "per s",
                  "p50 µs", "p99 µs", "p99.9 µs", "RSS MiB"), rows)


def peers_table(results):
    """The gateways of a race, beside nginx and Tollgate."""
    rows = []
    for workload, proxy, runs in report.rows(results):
        ratios = report.ratios(runs)
        if proxy in PLAIN or not ratios:
            continue
        ours = report.ratios(results["workloads"][workload].get("tollgate", []))
        rows.append((results["titles"][workload], proxy, cell(report.mid(runs, "cpu_us"), 0),
                     report.spread(ratios), cell(median(ours), 2) if ours else "–",
                     cell(report.mid(runs, "per_second"), 0), cell(report.mid(runs, "p50_us"), 0),
                     cell(report.mid(runs, "rss_mib"), 0)))
    return table(("workload", "gateway", "CPU µs", "× nginx (spread)", "Tollgate × nginx", "per s",
                  "p50 µs", "RSS MiB"), rows) if rows else ""


def memory_table(results):
    """Idle programs, and streams that are open and quiet."""
    rows = [(f"`{name}`, idle", f"{mib:.1f} MiB") for name, mib in
            results.get("start_up", {}).get("idle_mib", {}).items()]
    if "start_up" in results:
        rows.append(("`tollgate standalone`, idle",
                     f"{results['start_up']['standalone_idle_mib']:.1f} MiB"))
        times = results["start_up"]["cold_start_ms"]
        rows.append(("`tollgate standalone`, start to first answer",
                     f"{median(times):.0f} ms ({min(times):.0f}–{max(times):.0f})"))
    for proxy, runs in results["workloads"].get("idle_streams", {}).items():
        rows.append((f"{proxy}, each of {runs[0]['connections']:,} quiet streams",
                     f"{report.mid(runs, 'stream_kib'):.1f} KiB"))
    return table(("what", "holds"), rows)


def ledger_table(ledger):
    """bench-ledger's figures."""
    rows = [(f"{row['batch']:,}", cell(row["records_per_s"], 0), cell(row["cpu_us"]),
             cell(row["rocksdb_records_per_s"], 0), cell(row["rocksdb_cpu_us"]),
             f"{row['percent']:.0f} %")
            for row in ledger["batches"]]
    recovery = "\n".join(
        f"- reading {row['records']:,} records ({row['mib']:.0f} MiB) of a spool again after a "
        f"crash: {row['ms']:.0f} ms" for row in ledger["recovery"])
    return (table(("records a batch", "records/s, durable", "CPU µs a record", "RocksDB rows/s",
                   "CPU µs a row", "of RocksDB"), rows) +
            f"\n\n- lease grants: {ledger['lease_grants_per_s']:,.0f}/s\n{recovery}")


def config_table(config):
    """bench-config's figures."""
    rows = [
        ("snapshot over the stream, until it is in force", f"{config['load_s']:.2f} s"),
        ("snapshot from disk, at a restart", f"{config['disk_load_s']:.2f} s"),
        ("of that: checking and putting into the image", f"{config['build_s']:.2f} s"),
        ("memory a key, all included", f"{config['bytes_per_key']:.0f} B"),
        ("memory a key in the table", f"{config['table_bytes_per_key']:.0f} B"),
        ("applying one change, p50 / p99",
         f"{config['apply_p50_ms']:.2f} / {config['apply_p99_ms']:.2f} ms"),
        (f"revocation to refusal, p50 / p99 / most of {config['revocations']}",
         f"{config['revocation_p50_ms']:.1f} / {config['revocation_p99_ms']:.1f} / "
         f"{config['revocation_max_ms']:.1f} ms"),
    ]
    return table((f"{config['keys']:,} keys", ""), rows)


def update(results, document):
    """Replaces the document's figures, and writes NAME.json and NAME.svg beside it."""
    parts = {
        "goals": table(("figure", "reach", "aim", "measured", ""), goals(results)),
        "machine": f"{results['machine']}; {results['time']}; medians of {results['repeat']} "
                   f"repeats. Neighbours on the same host were noisy.",
    }
    if results["workloads"]:
        parts["proxies"] = proxies_table(results)
        if peers := peers_table(results):
            parts["peers"] = peers
    if "start_up" in results or "idle_streams" in results["workloads"]:
        parts["memory"] = memory_table(results)
    if "ledger" in results:
        parts["ledger"] = ledger_table(results["ledger"])
    if "config" in results:
        parts["config"] = config_table(results["config"])
    text = document.read_text(encoding="utf-8")
    for name, content in parts.items():
        text = re.sub(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)",
                      lambda found, new=content: f"{found[1]}{new}\n{found[2]}", text,
                      flags=re.DOTALL)
    document.write_text(text, encoding="utf-8")
    folder = document.parent / document.stem
    folder.mkdir(exist_ok=True)
    report.write_json(results, folder / "bench.json")
    report.write_svg(results, folder / "bench.svg")


if __name__ == "__main__":
    update(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2]))
