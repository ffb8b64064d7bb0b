"""The figures of a fault test, kept for the report: count / trials, with the seed.

    figures = Figures("M-01", seed)
    figures.add("F2", "events lost", lost, requests)

Each case leaves `faults/CASE.json` in the build folder; `tollgate-faults` makes one table of them.
How many trials a test makes and from which seed is asked for in the environment.
"""
import json
import os

from suite.provider import build_dir
from suite.scale import scaled

SEED_DEFAULT = 7


def trials(default):
    """How often a test repeats its fault: as asked for, else `default`."""
    asked = os.environ.get("TOLLGATE_FAULT_TRIALS")
    return int(asked) if asked else max(1, scaled(default))


def seed():
    """Where random choices begin: as asked for, else the same each time."""
    return int(os.environ.get("TOLLGATE_FAULT_SEED") or SEED_DEFAULT)


class Figures:
    """What one case measured."""

    def __init__(self, case, faults=1):
        """`faults`: how often the fault was injected."""
        self._case = case
        self._faults = faults
        self._figures = []

    def add(self, figure, what, count, of, unit=""):
        """`count` of `of`, e.g. add("F2", "events lost", 0, 120_000)."""
        self._figures.append(
            {"figure": figure, "what": what, "count": count, "of": of, "unit": unit})
        return self

    def write(self):
        """Keeps them for the report, and prints them."""
        folder = build_dir() / "faults"
        folder.mkdir(exist_ok=True)
        (folder / f"{self._case}.json").write_text(json.dumps(
            {"case": self._case, "seed": seed(), "faults": self._faults,
             "figures": self._figures}, indent=1) + "\n", encoding="utf-8")
        for item in self._figures:
            print(f"{self._case} {item['figure']} {item['what']}: {item['count']:,}"
                  f"{item['unit']} / {item['of']:,}")
