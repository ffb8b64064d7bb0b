#!/usr/bin/env python3
"""Checks properties of the tree that no compiler checks; docs/decisions/ says why each is there.

Usage: tidy.py ROOT.  Prints one line per violation, then a count; exits 1 when there is any.
"""
import re
import subprocess
import sys
from pathlib import Path

LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 600
SERVICES = ("dataplane", "controlplane", "billing", "catalog")
CODE = (".cc", ".h")

# Rule -> (pattern, folders it holds in, files excepted).
FORBIDDEN = {
    "no floating point where money is counted": (
        re.compile(r"\b(double|float)\b"),
        ("billing/ledger", "billing/lease", "billing/ingest", "billing/store", "base/money",
         "base/pricing", "base/compiled_price"), ()),
    "time comes from base/clock.h": (
        re.compile(r"system_clock::now|steady_clock::now|absl::Now\(|\btime\(nullptr\)"),
        SERVICES + ("base",), ("base/clock.cc",)),
    "no sleeping": (
        re.compile(r"sleep_for|absl::SleepFor|\busleep\(|\bsleep\("),
        SERVICES + ("base", "tollgate"), ()),
    "randomness comes from base/random.h": (
        re.compile(r"\brand\(\)|std::random_device|std::mt19937"),
        SERVICES + ("base", "tollgate"), ("base/random.cc",)),
    "programs log through base/log.h": (
        re.compile(r"std::cout|std::cerr|\bprintf\("),
        SERVICES + ("base",), ("base/check.h", "base/check.cc", "base/log.cc", "billing/main.cc")),
    "nothing left open": (
        re.compile(r"\b(TODO|FIXME|XXX)\b"), ("",), ("tests/tidy/tidy.py",)),
    "homeless code needs a name": (
        re.compile(r"^#include \"[^\"]*/(util|common|helpers|misc)[./]"), ("",), ()),
}


def tracked_files(root):
    out = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
                         capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in out.splitlines() if (root / line).is_file()]


def strip_comment(line):
    return re.sub(r"//.*", "", line)


def check_text(path, lines, report):
    if len(lines) > FILE_LINES_MAX:
        report(path, len(lines), f"file has {len(lines)} lines; at most {FILE_LINES_MAX}")
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and "http" not in line:
            report(path, number, f"line has {len(line)} columns; at most {LINE_COLUMNS_MAX}")


def check_forbidden(path, lines, report):
    for rule, (pattern, folders, excepted) in FORBIDDEN.items():
        name = path.as_posix()
        if name in excepted or not any(name.startswith(folder) for folder in folders):
            continue
        for number, line in enumerate(lines, 1):
            text = line if "left open" in rule else strip_comment(line)
            if pattern.search(text):
                report(path, number, rule)


def check_includes(path, lines, report):
    top = path.parts[0]
    if top not in SERVICES and top != "base":
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include "(\w+)/', line)
        if not match:
            continue
        target = match.group(1)
        if target in SERVICES and target != top:
            report(path, number, f"{top} includes {target}: services meet only at proto/")
        if target == "tests" and top != "tests":
            report(path, number, "the product includes test code")


def check_in_build(files, root, report):
    """Every source file is named by the CMakeLists.txt of its folder or of one above."""
    listing = {}
    for path in files:
        if path.name == "CMakeLists.txt":
            listing[path.parent] = (root / path).read_text()
    for path in files:
        if path.suffix != ".cc":
            continue
        named = any(path.relative_to(folder).as_posix() in text
                    for folder, text in listing.items()
                    if folder == Path(".") or folder in path.parents)
        if not named and path.parts[0] != "cmake":
            report(path, 1, "in no target: a file that is not built is not tested")


def check_proto_comments(path, lines, report):
    element = re.compile(
        r"^\s*(service|rpc|message|enum|(repeated |optional )?[\w.<>, ]+ \w+ = \d+)")
    for number, line in enumerate(lines, 1):
        if not element.match(line) or line.strip().startswith(("syntax", "reserved", "option")):
            continue
        before = lines[number - 2].strip() if number > 1 else ""
        if not before.startswith("//"):
            report(path, number, "a proto element without a comment (AIP-192)")


def main():
    root = Path(sys.argv[1]).resolve()
    files = tracked_files(root)
    violations = []

    def report(path, line, message):
        violations.append(f"{path}:{line}: {message}")

    for path in files:
        if path.suffix in CODE + (".proto", ".py", ".mjs", ".sh"):
            lines = (root / path).read_text(encoding="utf-8").splitlines()
            check_text(path, lines, report)
            check_forbidden(path, lines, report)
            if path.suffix in CODE:
                check_includes(path, lines, report)
            if path.suffix == ".proto":
                check_proto_comments(path, lines, report)
    check_in_build(files, root, report)
    for line in violations:
        print(line)
    print(f"tidy: {len(files)} files, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
