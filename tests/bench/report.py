"""Prints the figures as a table, and writes them as JSON and as a picture."""
import json
from statistics import median
from xml.sax.saxutils import escape

COLOURS = {"nginx": "#7a8699", "haproxy": "#a9b4c2", "tollgate": "#2f6fed"}


def spread(values):
    return f"{median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def rows(results):
    """One row for each workload and proxy: medians over the repeats."""
    for workload, proxies in results["workloads"].items():
        for proxy, runs in proxies.items():
            yield workload, proxy, runs


def print_table(results):
    header = (f"{'workload':<26}{'proxy':<10}{'CPU µs':>9}{'user':>7}{'kernel':>8}{'per s':>10}"
              f"{'p50 µs':>10}{'p99 µs':>10}{'p99.9 µs':>10}{'RSS MiB':>9}  ratio to nginx")
    print(header)
    print("-" * len(header))
    for workload, proxy, runs in rows(results):
        def mid(key):
            return median(run[key] for run in runs)
        ratios = [run["ratio"] for run in runs if run.get("ratio")]
        billing = [run["ratio_with_billing"] for run in runs if run.get("ratio_with_billing")]
        line = (f"{workload:<26}{proxy:<10}{mid('cpu_us'):>9.2f}{mid('user_us'):>7.2f}"
                f"{mid('kernel_us'):>8.2f}{mid('per_second'):>10.0f}{mid('p50_us'):>10.1f}"
                f"{mid('p99_us'):>10.1f}{mid('p999_us'):>10.1f}{mid('rss_mib'):>9.1f}")
        if ratios:
            line += f"  {spread(ratios)}"
        if billing:
            line += f"; with billing {spread(billing)}"
        errors = sum(run["errors"] for run in runs)
        if errors:
            line += f"; {errors} ERRORS"
        print(line)


def write_json(results, path):
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def write_svg(results, path):
    """Bars of CPU per request (or chunk), a group for each workload, scaled to nginx."""
    bar, gap, left, width = 16, 26, 230, 760
    bars, y = [], 46
    for workload, proxies in results["workloads"].items():
        base = median(run["cpu_us"] for run in proxies["nginx"]) if "nginx" in proxies else None
        if not base:
            continue
        bars.append(f'<text x="{left - 12}" y="{y + bar}" text-anchor="end">'
                    f'{escape(results["titles"][workload])}</text>')
        for proxy, runs in proxies.items():
            cpu = median(run["cpu_us"] for run in runs)
            length = min(cpu / base, 4) / 4 * (width - left - 130)
            bars.append(
                f'<rect x="{left}" y="{y}" width="{length:.0f}" height="{bar - 3}" rx="2" '
                f'fill="{COLOURS.get(proxy, "#d08a2e")}"/>'
                f'<text x="{left + length + 6:.0f}" y="{y + bar - 5}" class="small">'
                f'{escape(proxy)} {cpu / base:.2f}× · {cpu:.1f} µs</text>')
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
