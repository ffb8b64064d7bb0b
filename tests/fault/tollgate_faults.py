"""tollgate-faults: injects the faults of the catalogue into real programs and writes one table.

    tollgate-faults                              every case, as often as the test run does
    tollgate-faults --cases M-01,M-02 --trials 1000 --seed 42 --report faults.md
    tollgate-faults --list

`--from-results` injects nothing: it makes the table of what the last runs of the tests left.
"""
import argparse
import json
import os
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from catalogue import CASES  # pylint: disable=wrong-import-position

ROOT = Path(__file__).resolve().parents[2]
TEST_TIMEOUT_S = 4 * 3600


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="tollgate-faults", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="", help="ids, by commas; all without it")
    parser.add_argument("--trials", type=int, help="how often each fault is injected")
    parser.add_argument("--seed", type=int, help="where random choices begin")
    parser.add_argument("--report", type=Path, help="where the tables go, as Markdown")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument("--from-results", action="store_true",
                        help="only make the tables of the last run")
    return parser.parse_args()


def selected(text):
    """The cases of a list of ids; all of them for none."""
    wanted = {name.strip().upper() for name in text.split(",") if name.strip()}
    unknown = wanted - {case.id for case in CASES}
    if unknown:
        sys.exit(f"tollgate-faults: no such case: {', '.join(sorted(unknown))}")
    return [case for case in CASES if not wanted or case.id in wanted]


class Runner:
    """Runs tests, each once, and keeps what came of them."""

    def __init__(self, build_dir, trials, seed):
        self._build_dir = build_dir
        self._env = {**os.environ, "TOLLGATE_BUILD_DIR": str(build_dir)}
        if trials is not None:
            self._env["TOLLGATE_FAULT_TRIALS"] = str(trials)
        if seed is not None:
            self._env["TOLLGATE_FAULT_SEED"] = str(seed)
        self._done = {}
        self.last_output = ""

    def passes(self, test):
        """Whether a test passes; run at most once."""
        if test not in self._done:
            self._done[test] = self._run(test)
        return self._done[test]

    def _run(self, test):
        kind, rest = test.split(":", 1)
        env = dict(self._env)
        if kind == "pytest":
            argv = [sys.executable, "-m", "pytest", "-q", "-c",
                    str(ROOT / "tests/integration/pytest.ini"), str(ROOT / rest)]
        else:  # A test of ctest; of one library only those with these names.
            name, _, env["GTEST_FILTER"] = rest.partition(":")
            argv = ["ctest", "--test-dir", str(self._build_dir), "--output-on-failure",
                    "--no-tests=error", "-R", f"^{name}$"]
        done = subprocess.run(argv, env=env, cwd=ROOT, text=True, check=False,
                              timeout=TEST_TIMEOUT_S, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.last_output = done.stdout
        return done.returncode == 0


def figures_of(build_dir, since):
    """What tests measured, by case; only what is newer than `since`."""
    found = {}
    for path in sorted((build_dir / "faults").glob("*.json")):
        if path.stat().st_mtime >= since:
            content = json.loads(path.read_text(encoding="utf-8"))
            found[content["case"]] = content
    return found


def commit():
    """Which tree this is."""
    def git(*argv):
        return subprocess.run(["git", *argv], cwd=ROOT, text=True, check=False,
                              capture_output=True).stdout.strip()
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (
        " with changes" if git("status", "--porcelain", "--untracked-files=no") else "")


def bound(item):
    """With nothing found in n: how rare it is, at 95 %."""
    if item["count"] != 0 or item["of"] < 3 or "USD" in item["what"]:
        return ""
    return f"< {3 / item['of']:.2g}"


def markdown(results, figures):
    """Both tables."""
    lines = [f"Commit {commit()}, {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC.", ""]
    if results:
        passed = sum(1 for _, outcome in results if outcome == "passed")
        lines += [f"**F1: {passed} of {len(results)} cases passed.**", "",
                  "| case | | what is done | what must happen | shown by | |",
                  "| --- | --- | --- | --- | --- | --- |"]
        for case, outcome in results:
            shown = ", ".join(f"`{test.split(':', 1)[1]}`" for test in case.shown_by)
            lines.append(f"| {case.id} | {case.letter} | {case.inject} | {case.expect} | {shown} "
                         f"| {outcome} |")
        lines.append("")
    lines += ["| figure | case | what | count / of | 95 % bound | faults | seed |",
              "| --- | --- | --- | --- | --- | --- | --- |"]
    rows = [(item["figure"], name, item, content) for name, content in figures.items()
            for item in content["figures"]]
    for figure, name, item, content in sorted(rows, key=lambda row: row[:2]):
        lines.append(f"| {figure} | {name} | {item['what']} | {item['count']:,}{item['unit']} / "
                     f"{item['of']:,} | {bound(item)} | {content['faults']:,} | "
                     f"{content['seed']} |")
    return "\n".join(lines) + "\n"


def run(cases, runner):
    """Runs the cases; (case, outcome) each."""
    results = []
    for number, case in enumerate(cases, 1):
        print(f"[{number}/{len(cases)}] {case.id} {case.inject}: ", end="", flush=True)
        began = time.monotonic()
        outcome = "passed" if all(map(runner.passes, case.shown_by)) else "FAILED"
        print(f"{outcome}, {time.monotonic() - began:.1f} s", flush=True)
        if outcome == "FAILED":
            print(runner.last_output)
        results.append((case, outcome))
    return results


def main():
    """0 when all that ran passed."""
    options = arguments()
    cases = selected(options.cases)
    if options.list:
        for case in cases:
            print(f"{case.id}  {case.letter}  {case.inject}: {case.expect}")
        return 0
    build_dir = Path(os.environ["TOLLGATE_BUILD_DIR"])
    began = time.time()
    results = [] if options.from_results else run(
        cases, Runner(build_dir, options.trials, options.seed))
    text = markdown(results, figures_of(build_dir, 0 if options.from_results else began))
    if options.report:
        options.report.write_text(text, encoding="utf-8")
        print(f"written to {options.report}")
    else:
        print("\n" + text)
    return 1 if any(outcome == "FAILED" for _, outcome in results) else 0


if __name__ == "__main__":
    sys.exit(main())
