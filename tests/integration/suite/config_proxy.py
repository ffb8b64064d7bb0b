"""A man in the middle of the configuration stream: passes it on, and adds updates of its own."""
import queue
import threading
from concurrent import futures

import grpc

from suite.rpc import message_class

CONFIG = "tollgate.config.v1"
METHOD = f"/{CONFIG}.ConfigService/Subscribe"
INJECTED_NONCE = 1_000_000


class ConfigProxy:
    """Listens on a free port and passes ConfigService.Subscribe on to `upstream`.

    inject(update) sends one SubscribeResponse to every connected node; `nacks` and `acks` are what
    nodes answered to injected updates. With `silent` set, new streams are accepted and never
    answered.
    """

    def __init__(self, upstream):
        self._request = message_class(f"{CONFIG}.SubscribeRequest")
        self._response = message_class(f"{CONFIG}.SubscribeResponse")
        self._channel = grpc.insecure_channel(upstream)
        self._streams = []
        self._lock = threading.Lock()
        self.silent = False
        self.hellos = []
        self.nacks = []
        self.acks = []
        self.revision = None  # The last one that the control plane published.
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            f"{CONFIG}.ConfigService", {"Subscribe": grpc.stream_stream_rpc_method_handler(
                self._subscribe, request_deserializer=self._request.FromString,
                response_serializer=self._response.SerializeToString)}),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def stop(self):
        """Ends all streams."""
        self._server.stop(None)
        self._channel.close()

    @property
    def nodes(self):
        """How many nodes are connected."""
        with self._lock:
            return len(self._streams)

    def inject(self, **fields):
        """Sends an update of our own to every node."""
        with self._lock:
            for stream in self._streams:
                stream.put(self._response(nonce=INJECTED_NONCE, **fields))

    def _subscribe(self, requests, context):
        out = queue.Queue()
        if self.silent:
            self.hellos.append(next(requests))
            while context.is_active():
                try:
                    out.get(timeout=0.05)
                except queue.Empty:
                    pass
            return
        call = self._channel.stream_stream(
            METHOD, request_serializer=self._request.SerializeToString,
            response_deserializer=self._response.FromString)(
                self._upward(requests), metadata=[
                    pair for pair in context.invocation_metadata()
                    if pair[0] == "authorization"])
        context.add_callback(call.cancel)
        threading.Thread(target=self._downward, args=(call, out), daemon=True).start()
        with self._lock:
            self._streams.append(out)
        try:
            while (message := out.get()) is not None:
                yield message
        finally:
            with self._lock:
                self._streams.remove(out)

    def _upward(self, requests):
        """What nodes say, but for their answers to what we injected."""
        try:
            for request in requests:
                kind = request.WhichOneof("kind")
                answer = getattr(request, kind)
                if kind == "hello":
                    self.hellos.append(request)
                elif answer.nonce == INJECTED_NONCE:
                    (self.nacks if kind == "nack" else self.acks).append(answer)
                    continue
                yield request
        except grpc.RpcError:
            pass

    def _downward(self, call, out):
        try:
            for message in call:
                for kind, field in (("delta", "to"), ("snapshot", "revision"),
                                    ("heartbeat", "revision")):
                    if message.WhichOneof("kind") == kind:
                        self.revision = getattr(getattr(message, kind), field)
                out.put(message)
        except grpc.RpcError:
            pass
        out.put(None)
