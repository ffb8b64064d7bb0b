"""Many requests at once, and what became of each.

The expected state is kept here, outside the programs under test: a request is *unsent* (no
connection was to be had), *answered* (a whole answer came) or *unknown* (the connection broke).
"""
import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Optional

from suite.wire import Answer, Target

RECONNECT_INTERVAL_S = 0.01
ANSWER_TIMEOUT_S = 60.0


@dataclass
class Shot:
    """One request to send, and what came of it."""

    tag: str  # Unique; travels as the body's `user`, so that records can be found by it.
    data: bytes  # The bytes to send.
    expect: str = "ok"  # In the caller's words: what should come.
    leave_after_bytes: Optional[int] = None  # The client leaves after so much of the body.
    detail: dict = field(default_factory=dict)  # Anything the caller wants to find again.
    answer: Optional[Answer] = None

    @property
    def state(self):
        """unsent, answered or unknown."""
        if self.answer is None or not self.answer.sent:
            return "unsent"
        return "answered" if self.answer.complete else "unknown"


class Load:
    """Sends shots over `concurrency` connections to one or more gateways in turn.

    With `persistent` a worker that finds nobody listening tries again until stop(), instead of
    giving the shot up: for tests that kill the gateway.
    """

    def __init__(self, urls, shots, concurrency, persistent=False):
        self._targets = [Target.of(url) for url in ([urls] if isinstance(urls, str) else urls)]
        self._shots = iter(shots)
        self._concurrency = concurrency
        self._persistent = persistent
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = None
        self._error = None
        self.done = deque()  # Shots, in the order in which they ended. Appended to by one thread.

    def run(self):
        """Sends all the shots; returns them, ended."""
        asyncio.run(self._run())
        return list(self.done)

    def start(self):
        """Like run(), in a thread; ends with join(), earlier after stop()."""
        def body():
            try:
                asyncio.run(self._run())
            except BaseException as error:  # pylint: disable=broad-except
                self._error = error
        self._thread = threading.Thread(target=body, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        """Sends no more; what is in flight is waited for by join()."""
        self._stopping.set()

    def join(self, timeout_s=120.0):
        """Waits for the end; returns the shots."""
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise AssertionError("the load did not end in time")
        if self._error is not None:
            raise self._error
        return list(self.done)

    def retarget(self, urls):
        """New connections go to these addresses from now on."""
        with self._lock:
            self._targets = [Target.of(url) for url in urls]

    async def _run(self):
        await asyncio.gather(*(self._worker(number) for number in range(self._concurrency)))

    async def _connect(self, number):
        while True:
            with self._lock:
                target = self._targets[number % len(self._targets)]
            try:
                return await target.connect()
            except OSError:
                if not self._persistent or self._stopping.is_set():
                    return None
                await asyncio.sleep(RECONNECT_INTERVAL_S)

    async def _worker(self, number):
        connection = None
        while not self._stopping.is_set():
            if connection is None or not connection.usable:
                connection = await self._connect(number)
                if connection is None and self._persistent:
                    return
            shot = next(self._shots, None)
            if shot is None:
                break
            shot.answer = Answer() if connection is None else await self._send(connection, shot)
            self.done.append(shot)
        if connection is not None:
            connection.abort()

    @staticmethod
    async def _send(connection, shot):
        answer = connection.send(shot.data, shot.leave_after_bytes)
        done, _ = await asyncio.wait([answer], timeout=ANSWER_TIMEOUT_S)
        if not done:
            connection.abort()
            answer.cancel()
            return Answer(sent=True)
        return answer.result()
