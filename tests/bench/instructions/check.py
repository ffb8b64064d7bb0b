#!/usr/bin/env python3
"""Counts the instructions of the data plane's request path and compares them with a baseline.

    check.py BINARY BASELINE             fails when a figure is over 5 % above the baseline
    check.py BINARY BASELINE --update    writes the baseline anew

Instructions do not depend on what else the machine does, so that a few percent mean something.  The
binary is request_path.cc, built like everything else in the tree: the baseline holds for the dev
preset with g++ (a second, optimized copy of the data plane would double what CI compiles, and what
makes a request dearer - a copy, an allocation, another pass over the text - shows at -O1 too).
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOLERANCE_PERCENT = 5
WARM_UP = (10, 2, 4)         # Requests of each kind that every run has: pools and buffers fill.
COUNTED = {                 # Kind → how many more of each its run has.
    "json_request": (50, 0, 0),
    "stream_of_20_chunks": (0, 5, 0),
    "prompt_of_100_kb": (0, 0, 8),
}
SERVES = "ScanChatRequest"  # Only the worker's thread runs it.
TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def instructions(binary, counts):
    """What the worker's thread executed over a whole run."""
    with tempfile.TemporaryDirectory(prefix="tollgate-instructions-") as folder:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", "--separate-threads=yes",
             f"--callgrind-out-file={folder}/out", str(binary), *map(str, counts)],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{binary} failed under valgrind:\n{done.stdout}{done.stderr}")
        found = [int(TOTALS.search(text)[1]) for text in
                 (path.read_text(encoding="utf-8", errors="replace")
                  for path in Path(folder).iterdir()) if SERVES in text]
    if len(found) != 1:
        raise SystemExit(f"{len(found)} threads served requests; one was expected")
    return found[0]


def count(binary):
    """Instructions of each kind of request."""
    base = instructions(binary, WARM_UP)
    return {name: round((instructions(binary, [a + b for a, b in zip(WARM_UP, more)]) - base) /
                        sum(more)) for name, more in COUNTED.items()}


def main():
    binary, baseline_path = Path(sys.argv[1]), Path(sys.argv[2])
    now = count(binary)
    if "--update" in sys.argv[3:]:
        baseline_path.write_text(json.dumps(now, indent=2) + "\n", encoding="utf-8")
        print(f"written: {baseline_path}: {now}")
        return 0
    baseline = json.loads(baseline_path.read_text(encoding="utf-8"))
    worse = False
    print(f"{'instructions of':<24}{'baseline':>12}{'now':>12}{'change':>10}")
    for name in sorted(set(baseline) | set(now)):
        before, after = baseline.get(name), now.get(name)
        if before is None or after is None:
            print(f"{name:<24}{before or '-':>12}{after or '-':>12}   not in both")
            worse = True
            continue
        change = (after / before - 1) * 100
        worse |= change > TOLERANCE_PERCENT
        note = ("  REGRESSION" if change > TOLERANCE_PERCENT else
                "  better: consider --update" if change < -TOLERANCE_PERCENT else "")
        print(f"{name:<24}{before:>12,}{after:>12,}{change:>+9.1f} %{note}")
    if worse:
        print(f"\nThe request path costs over {TOLERANCE_PERCENT} % more instructions than the "
              f"baseline.  If that is meant, say why and update it:\n"
              f"  {' '.join(sys.argv)} --update")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
