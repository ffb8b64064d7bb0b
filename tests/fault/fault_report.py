"""The report of tollgate-faults: cases, and figures as count / trials with their seeds."""
import json
import subprocess
from collections import Counter
from datetime import datetime, timezone

LETTERS = {"P": "on programs", "S": "simulated", "U": "of one library", "Z": "random"}


def figures_of(build_dir, since):
    """What tests measured, by case; only what is newer than `since`."""
    found = {}
    for path in sorted((build_dir / "faults").glob("*.json")):
        if path.stat().st_mtime >= since:
            content = json.loads(path.read_text(encoding="utf-8"))
            found[content["case"]] = content
    return found


def add_up(earlier, later):
    """The figures of a case from two runs with different seeds, as one."""
    if earlier is None:
        return later
    figures = []
    for first, second in zip(earlier["figures"], later["figures"], strict=True):
        together = sum if is_count(first) else max
        figures.append({**first, "count": together([first["count"], second["count"]]),
                        "of": first["of"] + second["of"]})
    first_seed = str(earlier["seed"]).split("..", maxsplit=1)[0]
    return {**later, "figures": figures, "faults": earlier["faults"] + later["faults"],
            "seed": f"{first_seed}..{later['seed']}"}


def commit_of(root):
    """Which tree this is."""
    def git(*argv):
        return subprocess.run(["git", *argv], cwd=root, text=True, check=False,
                              capture_output=True).stdout.strip()
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (
        " with changes" if git("status", "--porcelain", "--untracked-files=no") else "")


def is_count(item):
    """Whether it counts what went wrong in trials, and not money, time or what was caught."""
    return (not item["unit"] and "USD" not in item["what"]
            and not item["what"].startswith("seeded bugs"))


def bound(count, trials):
    """With nothing found in n: how rare it is, at 95 %."""
    return f"< {3 / trials:.2g}" if count == 0 and trials >= 3 else ""


# What becomes one line of the overview: figure, name, words of what belongs to it, how it is put
# together, unit.
OVERVIEW = (
    ("F1", "requests that failed and need not have", ("requests that failed", "refused and yet"),
     sum, ""),
    ("F2", "events lost", ("lost", "no record"), sum, ""),
    ("F3", "billed twice", ("doubled", "charged twice"), sum, ""),
    ("F4", "nano-USD over any cap", ("nano-USD over",), lambda counts: max(0, *counts, 0), ""),
    ("F5", "refused though there was money", ("false refusals", "though there was money"), sum,
     ""),
    ("F5", "nano-USD stranded beyond what the case allows", ("stranded", "could not be spent"),
     sum, ""),
    ("F6", "a key's revocation to its refusal, p99", ("refusal, p99",), max, " ms"),
    ("F6", "slowest request after a cap was raised", ("slowest",), max, " ms"),
    ("F6", "billing's start to the end of the backlog", ("backlog",), max, " ms"),
    ("F7", "kill to ready, most", ("ready, most",), max, " ms"),
    ("F8", "seeded bugs that were caught", ("seeded bugs",), sum, ""),
    ("F9", "simulated seeds that violate an invariant", ("simulated seeds",), sum, ""),
)


def overview(rows):
    """One line a figure: what is to be zero, added up; the largest of what was measured."""
    lines = ["| figure | what | count / trials | 95 % bound | seed |",
             "| --- | --- | --- | --- | --- |"]
    for figure, what, words, together, unit in OVERVIEW:
        of = [(item, content) for name, _, item, content in rows
              if name == figure and any(word in item["what"] for word in words)]
        if not of:
            continue
        count = together([item["count"] for item, _ in of])
        # Of money the cases are what was tried, not the sums that they were about.
        trials = (sum(content["faults"] for _, content in of) if "USD" in what
                  else sum(item["of"] for item, _ in of))
        limit = bound(count, trials) if all(is_count(item) for item, _ in of) else ""
        seeds = ", ".join(sorted({str(content["seed"]) for _, content in of}))
        lines.append(f"| {figure} | {what} | {count:,}{unit} / {trials:,} | {limit} | {seeds} |")
    return lines


def cases_passed(results):
    """F1: by letter and in all."""
    every, passed = Counter(), Counter()
    for case, outcome in results:
        every[case.letter] += 1
        passed[case.letter] += outcome == "passed"
    by_letter = ", ".join(f"{passed[letter]} of {every[letter]} {meaning}"
                          for letter, meaning in LETTERS.items() if every[letter])
    return f"**F1: {sum(passed.values())} of {len(results)} cases passed** ({by_letter})."


def case_rows(results):
    """The table of cases."""
    lines = ["| case | | what is done | what must happen | shown by | |",
             "| --- | --- | --- | --- | --- | --- |"]
    for case, outcome in results:
        shown = ", ".join(f"`{test.split(':', 1)[1].replace(':', ': ').replace(': : ', '::')}`"
                          for test in case.shown_by)
        lines.append(f"| {case.id} | {case.letter} | {case.inject} | {case.expect} | {shown} "
                     f"| {outcome} |")
    return lines


def markdown(heading, results, figures):
    """The whole report."""
    rows = sorted(((item["figure"], name, item, content) for name, content in figures.items()
                   for item in content["figures"]), key=lambda row: row[:2])
    lines = [f"{heading}, {datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC.", ""]
    if results:
        lines += [cases_passed(results), ""]
    lines += [*overview(rows), "", "## Figures", "",
              "| figure | case | what | count / of | 95 % bound | faults | seed |",
              "| --- | --- | --- | --- | --- | --- | --- |"]
    for figure, name, item, content in rows:
        limit = bound(item["count"], item["of"]) if is_count(item) else ""
        lines.append(f"| {figure} | {name} | {item['what']} | {item['count']:,}{item['unit']} / "
                     f"{item['of']:,} | {limit} | {content['faults']:,} | {content['seed']} |")
    if results:
        lines += ["", "## Cases", "", *case_rows(results)]
    return "\n".join(lines) + "\n"
