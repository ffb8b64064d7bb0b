"""gRPC calls by name, with messages read from the .proto files at run time.

    rpc = Rpc("127.0.0.1:4411", token="...")
    wallet = rpc("tollgate.ledger.v1.LedgerService/GetWallet", workspace_id="ws_1")
    print(wallet.balance_nano_usd)

No generated code, so that the tests hold whatever the protos say today.
"""
import functools
import subprocess
import tempfile
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

PROTO_ROOT = Path(__file__).resolve().parents[3] / "proto"
CALL_TIMEOUT_S = 10.0


@functools.cache
def proto_pool():
    """Every message and service of the tree."""
    protos = sorted(path.relative_to(PROTO_ROOT).as_posix()
                    for path in PROTO_ROOT.rglob("tollgate/**/*.proto"))
    with tempfile.NamedTemporaryFile(suffix=".pb") as out:
        subprocess.run(["protoc", "-I", str(PROTO_ROOT), "--include_imports",
                        f"--descriptor_set_out={out.name}", *protos], check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(Path(out.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


def message_class(full_name):
    """The Python class of a message, by its full name."""
    return message_factory.GetMessageClass(proto_pool().FindMessageTypeByName(full_name))


def as_dict(message):
    """A message with the field names of the .proto; int64 as strings, as proto3's JSON has it."""
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


class Rpc:
    """A channel to one server."""

    def __init__(self, address, token=None, tls=None):
        """`tls`: our Certificate, for servers that want mutual TLS."""
        self.address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        options = (("grpc.initial_reconnect_backoff_ms", 50),
                   ("grpc.max_reconnect_backoff_ms", 200), ("grpc.use_local_subchannel_pool", 1))
        self._channel = grpc.insecure_channel(address, options) if tls is None else (
            grpc.secure_channel(address, grpc.ssl_channel_credentials(
                tls.ca.read_bytes(), tls.private_key.read_bytes(), tls.certificate.read_bytes()),
                options))

    def __call__(self, method, request=None, timeout_s=CALL_TIMEOUT_S, **fields):
        """Calls "package.Service/Method"; the request as keyword arguments or as a dict."""
        service_name, method_name = method.split("/")
        descriptor = proto_pool().FindServiceByName(service_name).methods_by_name[method_name]
        request_class = message_factory.GetMessageClass(descriptor.input_type)
        answer_class = message_factory.GetMessageClass(descriptor.output_type)
        call = self._channel.unary_unary(
            f"/{method}", request_serializer=request_class.SerializeToString,
            response_deserializer=answer_class.FromString)
        message = json_format.ParseDict({**(request or {}), **fields}, request_class())
        return call(message, timeout=timeout_s, metadata=self._metadata, wait_for_ready=True)

    def pages(self, method, items, **fields):
        """All the items of a list method, page by page."""
        token = ""
        while True:
            answer = self(method, page_size=1000, page_token=token, **fields)
            yield from getattr(answer, items)
            token = answer.next_page_token
            if not token:
                return

    def close(self):
        """Closes the channel."""
        self._channel.close()
