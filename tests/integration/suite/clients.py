"""Applications that try again, as the official clients do, many at once.

A client asks one thing. It is told to come back (429, 503 with Retry-After), loses its connection
or finds nobody listening: then it asks again, at whichever node comes first. It ends when it is
served or refused for good.
"""
import asyncio
import random
import threading
import time
from dataclasses import dataclass, field

from suite.load import Shot
from suite.wire import Answer, Target

AGAIN_AFTER_S = 0.02  # When nobody listens or the connection broke: nobody says when to come back.
ANSWER_TIMEOUT_S = 60.0


@dataclass
class Try:
    """One request of a client: its shot and when it was under way, on the monotonic clock."""

    shot: Shot
    began: float
    ended: float = 0.0


@dataclass
class Client:
    """One application and all that it tried."""

    name: str
    tries: list = field(default_factory=list)

    @property
    def answer(self):
        """The answer with which it ended."""
        return self.tries[-1].shot.answer

    @property
    def served(self):
        """Whether it got what it asked for."""
        return bool(self.tries) and self.answer.succeeded


class Clients:
    """`count` clients that ask the gateways at `urls` for `body`, all at once."""

    def __init__(self, urls, key, body, count, name="client", seed=0):
        self._targets = [Target.of(url) for url in urls]
        self._key = key
        self._body = body
        self._rng = random.Random(seed)
        self._error = None
        self._thread = None
        self._giving_up = False
        self.clients = [Client(f"{name}-{number}") for number in range(count)]

    def start(self):
        """Begins, in a thread."""
        def run():
            try:
                asyncio.run(self._run())
            except BaseException as error:  # pylint: disable=broad-except
                self._error = error
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        return self

    @property
    def running(self):
        """Whether some client has not ended."""
        return self._thread.is_alive()

    def join(self, timeout_s=120.0):
        """Waits for the end of all; returns the clients."""
        self._thread.join(timeout_s)
        late = self._thread.is_alive()
        self._giving_up = True
        if self._error is not None:
            raise self._error
        assert not late, f"clients did not end: {self._unended()}"
        return self.clients

    def _unended(self):
        return [(client.name, len(client.tries), client.tries and client.answer)
                for client in self.clients if not client.served][:3]

    async def _run(self):
        await asyncio.gather(*(self._live(client) for client in self.clients))

    async def _live(self, client):
        while not self._giving_up:
            wait_s = await self._try(client)
            if wait_s is None:
                return
            await asyncio.sleep(wait_s * self._rng.uniform(0.75, 1.0))

    async def _try(self, client):
        """One try; the seconds until the next, None when the client has ended."""
        target = self._rng.choice(self._targets)
        try:
            connection = await target.connect()
        except OSError:
            return AGAIN_AFTER_S
        tag = f"{client.name}-{len(client.tries) + 1}"
        shot = Shot(tag, target.chat(self._key.secret, {**self._body, "user": tag}))
        attempt = Try(shot, time.monotonic())
        client.tries.append(attempt)
        try:
            shot.answer = await asyncio.wait_for(connection.send(shot.data), ANSWER_TIMEOUT_S)
        except asyncio.TimeoutError:
            shot.answer = Answer(sent=True)
        attempt.ended = time.monotonic()
        connection.abort()
        if not shot.answer.complete:
            return AGAIN_AFTER_S
        if shot.answer.succeeded or shot.answer.header("retry-after-ms") is None:
            return None
        return int(shot.answer.header("retry-after-ms")) / 1000
