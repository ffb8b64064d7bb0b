"""Somebody who is told of alerts: a real HTTP server that keeps what it gets."""
import hashlib
import hmac
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Delivery:
    """One message, as it came."""

    headers: dict
    body: bytes
    status: int  # What was answered.

    @property
    def key(self):
        """The idempotency key."""
        return self.headers["x-ai-gateway-idempotency-key"]

    @property
    def event(self):
        """The message, parsed."""
        return json.loads(self.body)

    def signed_with(self, secret):
        """Whether the signature is that of the body as it came; and when it was made."""
        made, signature = (part.split("=", 1)[1]
                           for part in self.headers["x-ai-gateway-signature"].split(","))
        expected = hmac.new(secret.encode(), made.encode() + b"." + self.body, hashlib.sha256)
        return hmac.compare_digest(expected.hexdigest(), signature), int(made)


class WebhookReceiver:
    """Listens on loopback; answers 204, or what `answer_with` says for the next messages."""

    def __init__(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """Keeps every POST."""

            protocol_version = "HTTP/1.1"

            def do_POST(self):  # pylint: disable=invalid-name
                """One message."""
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver._take({name.lower(): value for name, value in
                                         self.headers.items()}, body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):  # pylint: disable=arguments-differ
                """Nothing on the test's output."""

        self._lock = threading.Lock()
        self._deliveries = []
        self._answers = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/alerts"

    def answer_with(self, *statuses):
        """What the next messages are answered, in order."""
        with self._lock:
            self._answers = list(statuses)

    def _take(self, headers, body):
        with self._lock:
            status = self._answers.pop(0) if self._answers else 204
            self._deliveries.append(Delivery(headers, body, status))
            return status

    @property
    def deliveries(self):
        """All that came, in order."""
        with self._lock:
            return list(self._deliveries)

    @property
    def taken(self):
        """What was answered 2xx, in order."""
        return [delivery for delivery in self.deliveries if delivery.status < 300]

    def stop(self):
        """Closes it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
