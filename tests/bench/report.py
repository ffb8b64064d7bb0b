"""Prints the figures of a run as a table, and writes them as JSON and as a picture."""
import json
from statistics import median
from xml.sax.saxutils import escape

COLOURS = {"nginx": "#7a8699", "haproxy": "#a9b4c2", "tollgate": "#2f6fed"}
BAR_RATIO_MAX = 4           # Longer bars are cut.


def mid(runs, key):
    """The median over the repeats."""
    return median(run[key] for run in runs)


def spread(values):
    """Median, and between what."""
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def ratios(runs, key="ratio"):
    """What of the runs could be related to nginx."""
    return [run[key] for run in runs if run.get(key)]


def rows(results):
    """One row for each workload and proxy."""
    for workload, proxies in results["workloads"].items():
        for proxy, runs in proxies.items():
            yield workload, proxy, runs


def print_table(results):
    """All proxies' figures, and what each workload's data plane cost elsewhere: in billing."""
    if not results["workloads"]:
        return
    header = (f"{'workload':<18}{'proxy':<11}{'CPU µs':>9}{'user':>8}{'kernel':>8}{'per s':>10}"
              f"{'p50 µs':>10}{'p99 µs':>10}{'p99.9 µs':>11}{'RSS MiB':>9}  ratio to nginx")
    print(header)
    print("-" * len(header))
    for workload, proxy, runs in rows(results):
        line = (f"{workload:<18}{proxy:<11}{mid(runs, 'cpu_us'):>9.2f}{mid(runs, 'user_us'):>8.2f}"
                f"{mid(runs, 'kernel_us'):>8.2f}{mid(runs, 'per_second'):>10.0f}"
                f"{mid(runs, 'p50_us'):>10.1f}{mid(runs, 'p99_us'):>10.1f}"
                f"{mid(runs, 'p999_us'):>11.1f}{mid(runs, 'rss_mib'):>9.1f}")
        if ratios(runs):
            line += f"  {spread(ratios(runs))}"
        errors = sum(run["errors"] for run in runs)
        if errors:
            line += f"; {errors} ERRORS"
        print(line)
        if proxy == "tollgate":
            both = [run["cpu_us"] + run["extra_cpu_us"] for run in runs]
            line = f"{'':<18}{'+ billing':<11}{median(both):>9.2f}{'':>74}"
            if ratios(runs, "ratio_with_billing"):
                line += f"  {spread(ratios(runs, 'ratio_with_billing'))}"
            print(line)
    print()
    for name in ("start_up", "ledger", "config"):
        if name in results:
            print(f"{name}: {json.dumps(results[name], indent=1)}")


def write_json(results, path):
    """The whole run."""
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def write_svg(results, path):
    """Bars of CPU per request (or chunk), a group for each workload, scaled to nginx."""
    bar, gap, left, width = 16, 26, 230, 760
    bars, y = [], 46
    for workload, proxies in results["workloads"].items():
        base = mid(proxies["nginx"], "cpu_us") if "nginx" in proxies else None
        if not base:
            continue
        bars.append(f'<text x="{left - 12}" y="{y + bar - 5}" text-anchor="end">'
                    f'{escape(results["titles"][workload])}</text>')
        for proxy, runs in proxies.items():
            if proxy == "direct":
                continue
            cpu = mid(runs, "cpu_us")
            ratio = median(ratios(runs)) if ratios(runs) else cpu / base
            length = min(ratio, BAR_RATIO_MAX) / BAR_RATIO_MAX * (width - left - 170)
            bars.append(
                f'<rect x="{left}" y="{y}" width="{length:.0f}" height="{bar - 3}" rx="2" '
                f'fill="{COLOURS.get(proxy, "#d08a2e")}"/>'
                f'<text x="{left + length + 6:.0f}" y="{y + bar - 5}" class="small">'
                f'{escape(proxy)} {ratio:.2f}× · {cpu:.1f} µs</text>')
            y += bar
        y += gap - bar
    style = ("text{font:12px system-ui,sans-serif;fill:#1c2430}.small{font-size:11px;fill:#5a6573}"
             "@media(prefers-color-scheme:dark){text{fill:#e6eaf0}.small{fill:#9aa6b5}}")
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" role="img">'
        f"<title>CPU per request or chunk, relative to nginx</title><style>{style}</style>"
        f'<text x="12" y="22" style="font-weight:600;font-size:14px">CPU per request (SSE: per '
        f"chunk), relative to nginx in the same run</text>{''.join(bars)}</svg>\n",
        encoding="utf-8")
