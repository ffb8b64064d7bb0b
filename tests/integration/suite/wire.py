"""A small HTTP/1.1 client for load: raw connections on asyncio, one request at a time on each.

It is told exactly what to send and tells exactly what came back: the status, the headers, the
body's bytes, and whether the answer was whole. An answer that ends early is `complete=False` and
never an exception, since the tests of faults count those.
"""
import asyncio
import json
import ssl
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"


def parse(text):
    """JSON, with numbers that have a fraction as exact decimals: money is in some."""
    return json.loads(text, parse_float=Decimal)


@dataclass
class Answer:
    """What came back for one request."""

    status: int = 0  # 0: nothing, or less than a head.
    headers: dict = field(default_factory=dict)  # Names in lower case.
    body: bytes = b""  # Without the chunk framing.
    complete: bool = False  # All of the body came, by its framing.
    sent: bool = False  # The request was handed to a connection that was open.

    @property
    def json(self):
        """The body, parsed; numbers with a fraction are exact decimals."""
        return parse(self.body)

    def header(self, name, default=None):
        """A header by its lower-case name."""
        return self.headers.get(name, default)

    @property
    def events(self):
        """The data of each server-sent event: parsed JSON, or the text [DONE]."""
        events = []
        for block in self.body.split(b"\n\n"):
            data = b"\n".join(line[5:].lstrip() for line in block.split(b"\n")
                              if line.startswith(b"data:"))
            if data:
                events.append("[DONE]" if data == b"[DONE]" else parse(data))
        return events

    @property
    def is_stream(self):
        """Whether the answer is a stream of events."""
        return self.header("content-type", "").startswith("text/event-stream")

    @property
    def succeeded(self):
        """A whole answer with the status 200; for a stream also: no error event, and [DONE]."""
        if not self.complete or self.status != 200:
            return False
        if not self.is_stream:
            return True
        return self.body.rstrip().endswith(b"data: [DONE]") and b'"error"' not in self.body

    @property
    def usage(self):
        """The usage object of a completion, streamed or not; None when there is none."""
        if not self.is_stream:
            return self.json.get("usage")
        at = self.body.rfind(b'"usage":{')  # Parsing every event of many streams takes long.
        if at < 0:
            return None
        line = self.body[self.body.rfind(b"\n", 0, at) + 1:self.body.find(b"\n", at)]
        return parse(line.removeprefix(b"data:"))["usage"]


class Connection(asyncio.Protocol):
    """One connection; send() again only after the former answer is there."""

    def __init__(self):
        self._transport = None
        self._future = None
        self._leave_after_bytes = None
        self._reset()

    def _reset(self):
        self._answer = Answer()
        self._buffer = bytearray()
        self._body = bytearray()
        self._left = None  # Bytes of the body (or chunk) to come; None while the head is read.
        self._chunked = False

    @property
    def usable(self):
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport):
        self._transport = transport

    def send(self, request, leave_after_bytes=None):
        """Sends a request; the future's result is its Answer.

        With `leave_after_bytes` the connection is broken off once so many bytes of the body came.
        """
        self._reset()
        self._answer.sent = True
        self._leave_after_bytes = leave_after_bytes
        self._future = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._future

    def data_received(self, data):
        self._buffer += data
        if self._left is None and not self._parse_head():
            return
        ended = self._parse_chunks() if self._chunked else self._parse_plain()
        if ended:
            self._answer.complete = True
            self._finish(self._answer.header("connection", "").lower() != "close")
        elif self._leave_after_bytes is not None and len(self._body) >= self._leave_after_bytes:
            self._finish(False)

    def connection_lost(self, exc):
        self._finish(False)

    def abort(self):
        """Breaks the connection off."""
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, keep):
        if not keep and self._transport is not None:
            self._transport.abort()
        if self._future is not None and not self._future.done():
            self._answer.body = bytes(self._body)
            self._future.set_result(self._answer)

    def _parse_head(self):
        end = self._buffer.find(HEAD_END)
        if end < 0:
            return False
        lines = bytes(self._buffer[:end]).decode("latin-1").split("\r\n")
        del self._buffer[:end + len(HEAD_END)]
        self._answer.status = int(lines[0].split(" ", 2)[1])
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self._answer.headers[name.strip().lower()] = value.strip()
        if self._answer.status == 100:
            self._answer.headers.clear()
            return self._parse_head()
        self._chunked = self._answer.header("transfer-encoding", "").lower() == "chunked"
        self._left = 0 if self._chunked else int(self._answer.header("content-length", 0))
        return True

    def _parse_plain(self):
        self._body += self._buffer[:self._left]
        self._left -= min(self._left, len(self._buffer))
        self._buffer.clear()
        return self._left == 0

    def _parse_chunks(self):
        """Takes whole chunks out of the buffer; True after the last one."""
        while True:
            line_end = self._buffer.find(b"\r\n")
            if line_end < 0:
                return False
            size = int(bytes(self._buffer[:line_end]).split(b";")[0], 16)
            end = line_end + 2 + size + 2
            if len(self._buffer) < end:
                return False
            self._body += self._buffer[line_end + 2:line_end + 2 + size]
            del self._buffer[:end]
            if size == 0:
                return True


TRUST = ssl.create_default_context()


def trust(ca_path):
    """Believes the certificates of this authority from now on."""
    TRUST.load_verify_locations(ca_path)


@dataclass(frozen=True)
class Target:
    """Where requests go."""

    host: str
    port: int
    secure: bool = False

    @staticmethod
    def of(url):
        """The host and port of a URL."""
        parts = urlsplit(url)
        return Target(parts.hostname, parts.port, parts.scheme == "https")

    async def connect(self):
        """A new connection; OSError when there is none to be had."""
        loop = asyncio.get_running_loop()
        _, protocol = await loop.create_connection(
            Connection, self.host, self.port, ssl=TRUST if self.secure else None)
        return protocol

    def request(self, method, path, key=None, body=None, headers=()):
        """The bytes of a request; `body` is JSON, or bytes as they are."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(
            body, separators=(",", ":")).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        if key is not None:
            lines.append(f"Authorization: Bearer {key}")
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + data

    def chat(self, key, body):
        """The bytes of a chat completion request."""
        return self.request("POST", "/v1/chat/completions", key, body)


async def _fetch(url, data, timeout_s):
    connection = await Target.of(url).connect()
    try:
        return await asyncio.wait_for(connection.send(data), timeout_s)
    finally:
        connection.abort()


def fetch(url, method="GET", key=None, body=None, headers=(), timeout_s=30.0):
    """One request on a connection of its own; the path and query are the URL's."""
    parts = urlsplit(url)
    path = parts.path + ("?" + parts.query if parts.query else "")
    data = Target.of(url).request(method, path or "/", key, body, headers)
    return asyncio.run(_fetch(url, data, timeout_s))
