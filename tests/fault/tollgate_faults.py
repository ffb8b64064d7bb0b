"""tollgate-faults: injects the faults of the catalogue into real programs and writes one table.

    tollgate-faults                              every case, as often as the test run does
    tollgate-faults --cases M-01,M-02 --trials 1000 --seed 42 --report faults.md
    tollgate-faults --list

It says every few seconds what runs and what that said last. The report is written anew after each
case, so that a run which is ended keeps what it has.

`--from-results` injects nothing: it makes the table of what the last runs of the tests left.
"""
import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
# pylint: disable=wrong-import-position
from catalogue import CASES
from fault_report import add_up, commit_of, figures_of, markdown
from fault_runner import Runner

ROOT = Path(__file__).resolve().parents[2]
SEED_DEFAULT = 7  # As the tests' own (suite/figures.py).


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(prog="tollgate-faults", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", default="", help="ids, by commas; all without it")
    parser.add_argument("--trials", type=int, help="how often each fault is injected")
    parser.add_argument("--seed", type=int, help="where random choices begin")
    parser.add_argument("--repeat", type=int, default=1,
                        help="so many times, each with the next seed; the figures are added up")
    parser.add_argument("--report", type=Path, help="where the tables go, as Markdown")
    parser.add_argument("--commit", help="what the programs were built from; asked of git else")
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


def run(cases, runner, report):
    """Runs the cases; by id, whether each passed. `report` is called after each."""
    for number, case in enumerate(cases, 1):
        print(f"[{number}/{len(cases)}] {case.id} {case.inject}", flush=True)
        began = time.monotonic()
        failed = [test for test in case.shown_by if not runner.passes(test)]
        outcome = "FAILED" if failed else "passed"
        print(f"[{number}/{len(cases)}] {case.id} {outcome}, {time.monotonic() - began:.1f} s",
              flush=True)
        for test in failed:
            print(f"--- {test}\n{runner.output_of(test)}", flush=True)
        report(case, outcome)


def heading(options):
    """What ran, of which tree."""
    words = [f"--{name.replace('_', '-')} {value}" for name, value in vars(options).items()
             if name in ("cases", "trials", "seed", "repeat") and value not in (None, "", 1)]
    command = " ".join(["tollgate-faults", *words])
    return f"`{command}`, commit {options.commit or commit_of(ROOT)}"


class Results:
    """What came of all runs so far."""

    def __init__(self, build_dir, heading):
        self._build_dir = build_dir
        self._heading = heading
        self._outcomes = {}
        self._earlier = {}  # Figures of the runs before this one.
        self._current = {}
        self._began = 0

    def begin_run(self):
        """The figures of what ran before are kept."""
        self._earlier, self._current = self._current, {}
        self._began = time.time()

    def note(self, case, outcome):
        """A case that fails once has failed."""
        if self._outcomes.get(case) != "FAILED":
            self._outcomes[case] = outcome

    def text(self):
        """The report."""
        new = figures_of(self._build_dir, self._began)
        self._current = {**self._earlier, **{
            name: add_up(self._earlier.get(name), content) for name, content in new.items()}}
        return markdown(self._heading, list(self._outcomes.items()), self._current)

    def failed(self):
        """Whether any case did."""
        return "FAILED" in self._outcomes.values()


def main():
    """0 when all that ran passed."""
    options = arguments()
    cases = selected(options.cases)
    if options.list:
        for case in cases:
            print(f"{case.id}  {case.letter}  {case.inject}: {case.expect}")
        return 0
    build_dir = Path(os.environ["TOLLGATE_BUILD_DIR"])
    results = Results(build_dir, heading(options))

    def report():
        text = results.text()
        if options.report:
            options.report.write_text(text, encoding="utf-8")
        return text

    def note(case, outcome):
        results.note(case, outcome)
        report()
    first_seed = SEED_DEFAULT if options.seed is None else options.seed
    for repetition in range(0 if options.from_results else options.repeat):
        if options.repeat > 1:
            print(f"run {repetition + 1} of {options.repeat}", flush=True)
        results.begin_run()
        run(cases, Runner(ROOT, build_dir, options.trials, first_seed + repetition), note)
    text = report()
    print(f"written to {options.report}" if options.report else "\n" + text)
    return 1 if results.failed() else 0


if __name__ == "__main__":
    sys.exit(main())
