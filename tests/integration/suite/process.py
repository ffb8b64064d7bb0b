"""One running program: its addresses, its log, and the ways to end it."""
import json
import os
import resource
import signal
import subprocess
from pathlib import Path

from suite.waiting import wait_until

READY_TIMEOUT_S = 120.0  # A hang is found in any case; how soon programs serve is figure F7.
STOP_TIMEOUT_S = 30.0
LOG_TAIL_BYTES = 6000
# The child gets SIGKILL when the test process is gone: nothing is left running. A program of its
# own and not a preexec_fn, which would fork the test process with gRPC's threads in it.
DIE_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL", "--")
# A write beyond a limit of size is an error, as on a full disk, and not the end of the program.
NO_SIZE_SIGNAL = ("env", "--ignore-signal=XFSZ")


class Died(AssertionError):
    """A program ended that should be running."""


class Process:
    """A program under `directory`: NAME.log gets its output, NAME.ready its addresses.

    It may be started again after it ended; the log is appended to.
    """

    def __init__(self, name, argv, directory, env=None):
        self.name = name
        self.argv = [str(part) for part in argv]
        self.directory = Path(directory)
        self.log_path = self.directory / f"{name}.log"
        self.ready_path = self.directory / f"{name}.ready"
        self.env = {**os.environ, **(env or {})}
        self.ready = {}
        self._popen = None

    def start(self, wait=True):
        """Starts the program and waits until it says where it serves; returns that."""
        assert not self.running, f"{self.name} runs already"
        self.ready_path.unlink(missing_ok=True)
        with open(self.log_path, "ab") as log:
            self._popen = subprocess.Popen(  # pylint: disable=consider-using-with
                [*DIE_WITH_PARENT, *NO_SIZE_SIGNAL, *self.argv], stdout=log,
                stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.env,
                cwd=self.directory)
        return self.wait_ready() if wait else None

    def wait_ready(self, timeout_s=READY_TIMEOUT_S):
        """Waits for the ready file and returns its contents."""
        def ready_or_dead():
            return self.ready_path.exists() or self._popen.poll() is not None
        wait_until(f"{self.name} serves", ready_or_dead, timeout_s)
        if not self.ready_path.exists():
            raise Died(f"{self.name} ended with {self._popen.returncode} before it served:\n"
                       f"{' '.join(self.argv)}\n{self.log_tail()}")
        self.ready = json.loads(self.ready_path.read_text(encoding="utf-8"))
        return self.ready

    @property
    def running(self):
        """Whether the program was started and has not ended."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self):
        """The id of the running process."""
        return self._popen.pid

    def signal(self, number):
        """Sends a signal."""
        self._popen.send_signal(number)

    def limit_file_size(self, limit_bytes=None):
        """From now on no file can be written beyond this: a disk that is full; None ends it."""
        limit = resource.RLIM_INFINITY if limit_bytes is None else limit_bytes
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def kill(self):
        """SIGKILL: no chance to say goodbye. Waits until the process is gone."""
        if self.running:
            self._popen.kill()
        if self._popen is not None:
            self._popen.wait(STOP_TIMEOUT_S)

    def terminate(self, timeout_s=STOP_TIMEOUT_S):
        """SIGTERM: drains. Returns the exit status; a process that does not end is a failure."""
        if self._popen is None:
            return 0
        if self.running:
            self._popen.send_signal(signal.SIGTERM)
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Died(f"{self.name} did not end within {timeout_s} s of SIGTERM:\n"
                       f"{self.log_tail()}") from None

    def log_text(self):
        """All that the program has written."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self):
        """The last of it."""
        return self.log_text()[-LOG_TAIL_BYTES:]
