"""Runs the tests that show the cases of the fault catalogue, and says what they are at."""
import json
import os
import re
import subprocess
import sys
import threading
import time

TEST_TIMEOUT_S = 4 * 3600
NEWS_S = 10  # How often a test that runs is spoken of.
NEWS_CHARACTERS_MAX = 100
# What the simulator says when it is done (tests/sim/runner.cc).
SEEDS = re.compile(r"^(?:\d+: )?(\d+) seeds in ", re.MULTILINE)
VIOLATED = re.compile(r"^(?:\d+: )?seed \d+ violates ", re.MULTILINE)
CAUGHT = re.compile(r"^(?:\d+: )?caught (\d+) of (\d+); without a bug: 0 violations$",
                    re.MULTILINE)


class Runner:
    """Runs tests, each once, and keeps what came of them."""

    def __init__(self, root, build_dir, trials, seed):
        self._root = root
        self._build_dir = build_dir
        self._env = {**os.environ, "TOLLGATE_BUILD_DIR": str(build_dir), "PYTHONUNBUFFERED": "1"}
        if trials is not None:
            self._env["TOLLGATE_FAULT_TRIALS"] = str(trials)
        self._env["TOLLGATE_FAULT_SEED"] = str(seed)
        self._passed = {}
        self._output = {}

    def passes(self, test):
        """Whether a test passes; run at most once."""
        if test not in self._passed:
            print(f"    {test}", flush=True)
            self._passed[test] = self._run(test)
            if test.startswith("sim:"):
                keep_simulator_figures(self._build_dir, self._output[test])
        return self._passed[test]

    def output_of(self, test):
        """What a test that ran has printed."""
        return self._output[test]

    def _run(self, test):
        argv, env = self._command(test)
        with subprocess.Popen(argv, env=env, cwd=self._root, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as process:
            lines = []
            reader = threading.Thread(target=lambda: lines.extend(process.stdout), daemon=True)
            reader.start()
            ended = wait_with_news(process, lines)
            if not ended:
                process.kill()
                lines.append(f"ended after {TEST_TIMEOUT_S} s\n")
            reader.join()
        self._output[test] = "".join(lines)
        return ended and process.returncode == 0

    def _command(self, test):
        """How a test is run: arguments and environment."""
        kind, rest = test.split(":", 1)
        env = dict(self._env)
        if kind == "pytest":  # With -s: what a test prints on its way is news.
            return [sys.executable, "-m", "pytest", "-q", "-s", "-c",
                    str(self._root / "tests/integration/pytest.ini"), str(self._root / rest)], env
        # A test of ctest; of one library only those with these names.
        name, _, env["GTEST_FILTER"] = rest.partition(":")
        return ["ctest", "--test-dir", str(self._build_dir), "--verbose", "--no-tests=error", "-R",
                f"^{name}$"], env


def wait_with_news(process, lines):
    """Waits for the end, and now and then prints the last line so far; false when it takes too
    long."""
    began = time.monotonic()
    while True:
        try:
            process.wait(timeout=NEWS_S)
            return True
        except subprocess.TimeoutExpired:
            passed = time.monotonic() - began
        if passed > TEST_TIMEOUT_S:
            return False
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        print(f"      {passed:.0f} s  {last[:NEWS_CHARACTERS_MAX]}", flush=True)


def keep_simulator_figures(build_dir, output):
    """Figures of the simulator, from what it printed, beside those of the tests on programs."""
    figures, seeds = [], SEEDS.findall(output)
    caught = CAUGHT.search(output)
    if caught:
        case = "F8"
        figures.append({"figure": "F8", "what": "seeded bugs that were caught", "unit": "",
                        "count": int(caught.group(1)), "of": int(caught.group(2))})
    elif seeds:
        case = "sim"
        figures.append({"figure": "F9", "what": "simulated seeds that violate an invariant",
                        "unit": "", "count": len(VIOLATED.findall(output)), "of": int(seeds[-1])})
    else:
        return
    folder = build_dir / "faults"
    folder.mkdir(exist_ok=True)
    (folder / f"{case}.json").write_text(json.dumps(
        {"case": case, "seed": f"1..{seeds[-1]}" if seeds else "", "faults": 0,
         "figures": figures}, indent=1) + "\n", encoding="utf-8")
