"""Runs bench-ledger beside RocksDB's own db_bench: how fast usage becomes durable."""
import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

# Records a batch → rows that db_bench writes; as many as bench-ledger does.
BATCHES = {1: 4_000, 10: 40_000, 100: 200_000, 1000: 600_000}
QUICK_SHARE = 10
KEY_BYTES, VALUE_BYTES = 16, 200


def rocksdb_limit(batch, rows, core):
    """Rows a second, and CPU µs a row, of db_bench: one thread, synced batches, no compression."""
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            ["taskset", "-c", str(core), "db_bench", "--benchmarks=fillseq", "--sync=1",
             f"--batch_size={batch}", f"--num={rows}", f"--key_size={KEY_BYTES}",
             f"--value_size={VALUE_BYTES}", "--compression_type=none", f"--db={folder}/db"],
            capture_output=True, text=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rate = re.search(r"^fillseq .*?(\d+) ops/sec", done.stdout + done.stderr, re.MULTILINE)
    cpu = (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
    return float(rate.group(1)), cpu / rows * 1e6


def run_bench(binaries, core, *arguments):
    """What bench-ledger printed."""
    done = subprocess.run(["taskset", "-c", str(core), str(binaries / "bench-ledger"), *arguments],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def run(binaries, core, repeat, quick):
    """Each batch size in turn, each time between two runs of db_bench; medians of the repeats."""
    share = QUICK_SHARE if quick else 1
    flags = ["--quick"] if quick else []
    rows = []
    for batch, count in BATCHES.items():
        print(f"  batches of {batch} …", file=sys.stderr, flush=True)
        ours, theirs = [], [rocksdb_limit(batch, count // share, core)]
        for _ in range(repeat):
            ours += run_bench(binaries, core, "--only", "batches", "--batch", str(batch),
                              *flags)["batches"]
            theirs.append(rocksdb_limit(batch, count // share, core))
        shares = [one["records_per_s"] * 2 / (theirs[i][0] + theirs[i + 1][0])
                  for i, one in enumerate(ours)]
        rows.append({"batch": batch, "records_per_s": median(one["records_per_s"] for one in ours),
                     "cpu_us": median(one["cpu_us"] for one in ours),
                     "rocksdb_records_per_s": median(rate for rate, _ in theirs),
                     "rocksdb_cpu_us": median(cpu for _, cpu in theirs),
                     "percent": 100 * median(shares)})
    return {"batches": rows, "percent_of_rocksdb": rows[-1]["percent"],
            **run_bench(binaries, core, "--only", "grants", *flags),
            **run_bench(binaries, core, "--only", "recovery", *flags)}


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), 0, 1, "--quick" in sys.argv), indent=1))
