"""No release can be configured with seeded bugs (base/seeded_bug.h), nor compiled with them.

Usage: release_test.py SOURCE_FOLDER CMAKE CXX_COMPILER
"""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SOURCE, CMAKE, CXX = sys.argv[1:4]
REFUSAL = "a release must not have seeded bugs"


def configure(folder, *options):
    """The exit status of a configuration and all that it printed."""
    command = [CMAKE, "-S", SOURCE, "-B", folder, "-G", "Ninja", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


class ReleaseTest(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.addCleanup(self.scratch.cleanup)

    def test_cmake_refuses_seeded_bugs_in_every_kind_of_release(self):
        for kind in ("Release", "RelWithDebInfo", "MinSizeRel", "release"):
            status, printed = configure(
                f"{self.scratch.name}/{kind}",
                f"-DCMAKE_BUILD_TYPE={kind}",
                "-DTOLLGATE_SEEDED_BUGS=ON",
            )
            self.assertNotEqual(status, 0, kind)
            self.assertIn(REFUSAL, printed, kind)

    def test_cmake_refuses_seeded_bugs_without_tests(self):
        status, printed = configure(
            self.scratch.name, "-DTOLLGATE_TESTS=OFF", "-DTOLLGATE_SEEDED_BUGS=ON"
        )
        self.assertNotEqual(status, 0)
        self.assertIn(REFUSAL, printed)

    def test_the_release_preset_configures_without_them(self):
        status, printed = configure(self.scratch.name, "--preset", "release")
        self.assertEqual(status, 0, printed)
        ninja = pathlib.Path(self.scratch.name, "build.ninja").read_text(encoding="utf-8")
        self.assertNotIn("TOLLGATE_SEEDED_BUGS", ninja)
        self.assertIn("bin/tollgate", ninja)

    def test_a_release_with_tests_configures_and_has_none(self):
        status, printed = configure(self.scratch.name, "-DCMAKE_BUILD_TYPE=Release")
        self.assertEqual(status, 0, printed)
        ninja = pathlib.Path(self.scratch.name, "build.ninja").read_text(encoding="utf-8")
        self.assertNotIn("TOLLGATE_SEEDED_BUGS", ninja)

    def test_the_header_refuses_to_be_compiled_with_ndebug(self):
        source = pathlib.Path(self.scratch.name, "any.cc")
        source.write_text('#include "base/seeded_bug.h"\n', encoding="utf-8")
        command = [CXX, "-std=c++20", "-fsyntax-only", f"-I{SOURCE}", "-DTOLLGATE_SEEDED_BUGS"]
        for options, compiles in ((["-DNDEBUG"], False), ([], True)):
            done = subprocess.run(
                [*command, *options, str(source)], capture_output=True, text=True, check=False
            )
            self.assertEqual(done.returncode == 0, compiles, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
