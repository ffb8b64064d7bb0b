"""What tollgate-sim prints on a violation, and that the seed alone brings it back.

Usage: command_test.py TOLLGATE_SIM TOLLGATE_SIM_BUGS
"""

import re
import subprocess
import sys
import unittest

SIM, SIM_BUGS = sys.argv[1:3]
LAST_EVENTS = 200
# "12.345678  node0  sends gen_4 of key_1_1, holds 12"
EVENT = re.compile(r"^\d+\.\d{6}  \S+  \S")


def run(*arguments):
    """The exit status and the lines of the output."""
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout.splitlines()


def of_seed(lines, seed):
    """What was printed about one seed: what it is about, its last events, what they violate."""
    first = next(i for i, line in enumerate(lines) if line.startswith(f"seed {seed}: "))
    return lines[first:]


class CommandTest(unittest.TestCase):
    def test_a_violation_prints_its_seed_and_last_events_and_the_seed_reproduces_it(self):
        bug = [SIM_BUGS, "--bug", "V6", "--expect", "CAP"]
        status, lines = run(*bug, "--seeds", "1..200", "--jobs", "2")
        self.assertEqual(status, 1)
        said = re.fullmatch(r"seed (\d+) violates CAP: (.+)", lines[-1])
        self.assertIsNotNone(said, lines[-1])
        seed = said.group(1)
        found = of_seed(lines, seed)
        events = [line for line in found if EVENT.match(line)]
        self.assertGreater(len(events), 10)
        self.assertLessEqual(len(events), LAST_EVENTS)
        self.assertIn("VIOLATION  CAP: " + said.group(2), events[-1])

        status, lines = run(*bug, "--seed", seed)
        self.assertEqual(status, 1)
        self.assertEqual(of_seed(lines, seed), found)

        # Without the bug the same seed violates nothing, and then nothing but its line is printed.
        status, lines = run(SIM, "--seed", seed)
        self.assertEqual(status, 0)
        self.assertEqual(len(of_seed(lines, seed)), 1)

    def test_a_seed_runs_to_the_same_events_each_time(self):
        first = run(SIM, "--seed", "7", "--trace")
        self.assertEqual(first[0], 0)
        self.assertGreater(len(first[1]), 10)
        self.assertEqual(run(SIM, "--seed", "7", "--trace"), first)

    def test_seeds_run_to_the_same_alone_and_among_others_on_several_processes(self):
        digest = re.compile(r"seed (\d+) ran to [0-9a-f]{16}-[0-9a-f]+-[0-9a-f]+-[0-9a-f]{16}")
        many = [line for line in run(SIM, "--seeds", "1..12", "--jobs", "3", "--digests")[1]
                if digest.fullmatch(line)]
        self.assertEqual(len(many), 12)
        self.assertEqual(len({line.split()[-1] for line in many}), 12)
        alone = run(SIM, "--seeds", "7..7", "--jobs", "1", "--digests")[1]
        self.assertIn(alone[0], many)

    def test_only_the_build_with_bugs_has_any(self):
        self.assertEqual(run(SIM, "--bug", "V6", "--seed", "1")[0], 2)
        self.assertEqual(run(SIM_BUGS, "--bug", "V99", "--seed", "1")[0], 2)

    def test_wrong_usage_is_refused(self):
        for arguments in (["--seeds", "5..1"], ["--seeds", "0..1"], ["--jobs", "x"], ["--what"]):
            self.assertEqual(run(SIM, *arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
