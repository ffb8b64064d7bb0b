"""Mutual TLS between all services, https for clients, and who is let in."""
import ssl

import grpc
import openai
import pytest

from suite.agreement import assert_agree, ledger_differences
from suite.ledger import Ledger
from suite.rpc import message_class
from suite.waiting import wait_until

CONFIG = "tollgate.config.v1"
MESSAGES = [{"role": "user", "content": "hello"}]


@pytest.fixture(name="secure", scope="module")
def secure_fixture(make_world):
    """A world that speaks TLS throughout."""
    world = make_world("separate", tls=True)
    yield world
    world.stop()


def test_a_request_from_https_to_the_ledger(secure, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(secure.suite.authority.ca))
    assert secure.base_url.startswith("https://")
    client = openai.OpenAI(base_url=secure.base_url, api_key=secure.key.secret, max_retries=0)
    raw = client.chat.completions.with_raw_response.create(model="test/chat", messages=MESSAGES)
    assert raw.parse().usage.cost > 0
    secure.settle()
    story = secure.workspace.story()
    assert raw.headers["x-generation-id"] in story.generations
    assert_agree(ledger_differences(story))
    assert float(client.get("/credits", cast_to=object)["balance"]) > 0


def test_the_cli_shows_its_certificate(secure):
    assert secure.suite.cli_json("get", "workspace", "ws-test")["id"] == "ws-test"


def test_plaintext_and_strangers_are_refused(secure):
    with pytest.raises(grpc.RpcError):
        Ledger(secure.suite.billing_grpc, secure.suite.token).wallet("ws-test")
    channel = grpc.secure_channel(secure.suite.billing_grpc, grpc.ssl_channel_credentials(
        secure.suite.authority.ca.read_bytes()))
    with pytest.raises(grpc.FutureTimeoutError):
        grpc.channel_ready_future(channel).result(timeout=1)
    channel.close()


@pytest.mark.parametrize("name, audience, allowed", [
    ("billing", "AUDIENCE_DATAPLANE", False), ("dataplane", "AUDIENCE_DATAPLANE", True),
    ("admin", "AUDIENCE_BILLING", False)])
def test_credentials_go_to_data_planes_only(secure, name, audience, allowed):
    request = message_class(f"{CONFIG}.SubscribeRequest")
    response = message_class(f"{CONFIG}.SubscribeResponse")
    ours = secure.suite.tls[name]
    channel = grpc.secure_channel(secure.suite.admin_grpc, grpc.ssl_channel_credentials(
        ours.ca.read_bytes(), ours.private_key.read_bytes(), ours.certificate.read_bytes()))
    hello = request()
    hello.hello.node_id = "0" * 32
    hello.hello.audience = request.Hello.DESCRIPTOR.fields_by_name[
        "audience"].enum_type.values_by_name[audience].number
    call = channel.stream_stream(
        f"/{CONFIG}.ConfigService/Subscribe", request_serializer=request.SerializeToString,
        response_deserializer=response.FromString)(iter([hello]), timeout=10)
    if allowed:
        assert next(call).WhichOneof("kind") == "snapshot"
    else:
        with pytest.raises(grpc.RpcError) as caught:
            next(call)
        assert caught.value.code() == grpc.StatusCode.PERMISSION_DENIED
    call.cancel()
    channel.close()


def test_a_new_certificate_is_taken_up_without_a_restart(secure):
    address = secure.base_url.removeprefix("https://").removesuffix("/v1").split(":")
    served = lambda: ssl.get_server_certificate((address[0], int(address[1])))
    before = served()
    secure.suite.authority.issue("dataplane")
    wait_until("the new certificate is served", lambda: served() != before, timeout_s=30)
    secure.wait_for_key(secure.key)
