"""What tollgate-faults makes of figures and of tests that it runs."""
import json
import subprocess
import sys

import fault_report
import fault_runner
from catalogue import Case


def content(case, faults, *figures):
    """What a test leaves of a case."""
    return {"case": case, "seed": 42, "faults": faults, "figures": [
        {"figure": figure, "what": what, "count": count, "of": of, "unit": unit}
        for figure, what, count, of, unit in figures]}


def report_of(*contents, results=()):
    """The lines of the report."""
    return fault_report.markdown("abc", list(results), {
        item["case"]: item for item in contents}).splitlines()


def test_what_is_to_be_zero_is_added_up_and_bounded():
    lines = report_of(content("M-01", 200, ("F2", "requests lost", 0, 1000, "")),
                      content("M-02", 200, ("F2", "events lost", 0, 2000, "")))
    assert "| F2 | events lost | 0 / 3,000 | < 0.001 | 42 |" in lines
    lines = report_of(content("M-01", 200, ("F3", "requests doubled", 2, 1000, "")),
                      content("M-02", 200, ("F3", "requests doubled", 0, 1000, "")))
    assert "| F3 | billed twice | 2 / 2,000 |  | 42 |" in lines


def test_money_over_a_cap_and_times_are_the_largest():
    what = "nano-USD over a cap (below zero: under it)"
    ready = "kill to ready, most"
    under = content("M-01", 200, ("F4", what, -70, 3, ""), ("F7", ready, 5, 9, " ms"))
    over = content("M-02", 100, ("F4", what, 30, 3, ""), ("F7", ready, 7, 9, " ms"))
    assert "| F4 | nano-USD over any cap | 0 / 200 |  | 42 |" in report_of(under)
    lines = report_of(under, over)
    assert "| F4 | nano-USD over any cap | 30 / 300 |  | 42 |" in lines
    assert "| F7 | kill to ready, most | 7 ms / 18 |  | 42 |" in lines


def test_runs_with_other_seeds_are_added_up():
    def of(seed, lost, slowest):
        return {**content("M-01", 50, ("F2", "requests lost", lost, 100, ""),
                          ("F7", "kill to ready, most", slowest, 50, " ms")), "seed": seed}
    together = fault_report.add_up(fault_report.add_up(fault_report.add_up(None, of(42, 0, 9)),
                                                       of(43, 1, 7)), of(44, 1, 8))
    assert together["seed"] == "42..44"
    lines = report_of(together)
    assert "| F2 | M-01 | requests lost | 2 / 300 |  | 150 | 42..44 |" in lines
    assert "| F7 | M-01 | kill to ready, most | 9 ms / 150 |  | 150 | 42..44 |" in lines


def test_cases_are_counted_by_letter():
    cases = [Case(f"X-{n}", letter, "inject", "expect", "F1", ("ctest:a_test:A.B",))
             for n, letter in enumerate("PPS")]
    lines = report_of(results=zip(cases, ("passed", "FAILED", "passed")))
    assert "**F1: 2 of 3 cases passed** (1 of 2 on programs, 1 of 1 simulated)." in lines


def test_figures_of_the_simulator_are_read_from_what_it_prints(tmp_path):
    fault_runner.keep_simulator_figures(
        tmp_path, "7: 10000 seeds in 70.1 s: 143 seeds/s, 6.83 simulated days, 5 events\n"
                  "7: seed 12 violates CAP: x\n7: seed 13 violates J3: y\n")
    fault_runner.keep_simulator_figures(
        tmp_path, "8: 1000 seeds in 7 s: 143 seeds/s\n"
                  "8: caught 10 of 11; without a bug: 0 violations\n")
    found = fault_report.figures_of(tmp_path, 0)
    assert found["sim"]["figures"][0]["count"] == 2
    assert found["sim"]["figures"][0]["of"] == 10000
    assert found["sim"]["seed"] == "1..10000"
    lines = report_of(*found.values())
    assert "| F8 | seeded bugs that were caught | 10 / 11 |  | 1..1000 |" in lines


def test_a_runner_runs_a_test_once_and_keeps_what_it_said(tmp_path):
    (tmp_path / "tests/integration").mkdir(parents=True)
    (tmp_path / "tests/integration/pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (tmp_path / "some_test.py").write_text(
        "import os, pathlib\n"
        "def test_asked_for():\n"
        "    with open('runs', 'a') as runs: runs.write('x')\n"
        "    print('trials', os.environ['TOLLGATE_FAULT_TRIALS'])\n"
        "    assert os.environ['TOLLGATE_FAULT_SEED'] == '9'\n"
        "def test_fails():\n"
        "    assert False, 'as it should'\n", encoding="utf-8")
    runner = fault_runner.Runner(tmp_path, tmp_path, trials=3, seed=9)
    for _ in range(2):
        assert runner.passes("pytest:some_test.py::test_asked_for")
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "x"
    assert "trials 3" in runner.output_of("pytest:some_test.py::test_asked_for")
    assert not runner.passes("pytest:some_test.py::test_fails")
    assert "as it should" in runner.output_of("pytest:some_test.py::test_fails")


def test_news_are_of_the_last_line_and_a_test_that_never_ends_is_ended(monkeypatch, capsys):
    monkeypatch.setattr(fault_runner, "NEWS_S", 0.01)
    monkeypatch.setattr(fault_runner, "TEST_TIMEOUT_S", 0.05)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not fault_runner.wait_with_news(process, ["7 of 9 kills\n", "\n"])
        process.kill()
    assert "7 of 9 kills" in capsys.readouterr().out


def test_figures_of_an_earlier_run_are_left_out(tmp_path):
    (tmp_path / "faults").mkdir()
    path = tmp_path / "faults" / "M-01.json"
    path.write_text(json.dumps(content("M-01", 1)), encoding="utf-8")
    written = path.stat().st_mtime
    assert set(fault_report.figures_of(tmp_path, written)) == {"M-01"}
    assert not fault_report.figures_of(tmp_path, written + 1)
