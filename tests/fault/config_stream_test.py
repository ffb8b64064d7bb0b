"""A bad update is refused whole and the last good configuration stays; so it does when the control
plane accepts a stream and never says anything."""
import pytest

from suite.config_proxy import ConfigProxy
from suite.rpc import message_class
from suite.waiting import wait_until
from suite.wire import fetch

CONFIG = "tollgate.config.v1"


@pytest.fixture(name="proxied", scope="module")
def proxied_fixture(make_world):
    """A world whose data plane reads its configuration through a ConfigProxy."""
    world = make_world("separate", config_proxy=ConfigProxy)
    yield world
    world.stop()


def serves(world, key=None):
    """Whether the gateway answers a request."""
    return fetch(f"{world.base_url}/chat/completions", "POST", (key or world.key).secret, {
        "model": "test/chat", "messages": [{"role": "user", "content": "hello"}]}).succeeded


def connected(world):
    """The proxy, once the node is connected: after a NACK it may begin anew."""
    proxy = world.suite.config_proxy
    wait_until("the node is connected", lambda: proxy.nodes == 1)
    return proxy


def bad_delta(proxy, *resources, digest=1, step=1):
    """A delta from what is in force to the next revision."""
    revision = message_class(f"{CONFIG}.Revision")
    delta = message_class(f"{CONFIG}.SubscribeResponse").Delta
    now = proxy.revision
    return delta(**{"from": now, "to": revision(epoch=now.epoch, number=now.number + step)},
                 upserts=resources, digest=digest)


@pytest.mark.parametrize("fault", ["wrong digest", "invalid resource", "stale revision"])
def test_bad_update_is_refused_whole(proxied, fault):
    proxy = connected(proxied)
    resource = message_class(f"{CONFIG}.Resource")
    nacks = len(proxy.nacks)
    if fault == "invalid resource":
        bad = resource(key="key/key-bad", hash=7, api_key={
            "id": "key-bad", "workspace_id": "no-such-workspace", "digest": b"short"})
        update = bad_delta(proxy, bad, digest=7)
    else:
        update = bad_delta(proxy, step=-1 if fault == "stale revision" else 1)
    proxy.inject(delta=update)
    wait_until("the node says NACK", lambda: len(proxy.nacks) > nacks)
    assert proxy.nacks[-1].error and not proxy.acks
    if fault == "invalid resource":
        assert "key-bad" in proxy.nacks[-1].error
    # The control plane may have published another one meanwhile.
    wait_until("the node has what was published, and no more", lambda: proxied.metric(
        "tollgate_config_revision") == proxy.revision.number)
    assert serves(proxied)


def test_good_updates_go_on_after_a_bad_one(proxied):
    proxy = connected(proxied)
    nacks = len(proxy.nacks)
    proxy.inject(delta=bad_delta(proxy))
    wait_until("the node says NACK", lambda: len(proxy.nacks) > nacks)
    key = proxied.workspace.key()
    proxied.wait_for_key(key)
    assert serves(proxied, key)


def test_a_silent_control_plane_does_not_stop_a_start(proxied):
    proxy = proxied.suite.config_proxy
    proxy.silent = True
    hellos = len(proxy.hellos)
    proxied.suite.dataplane.kill()
    proxied.suite.dataplane.start()
    wait_until("the node says Hello", lambda: len(proxy.hellos) > hellos)
    assert proxy.hellos[-1].hello.revision.number > 0, "it says what it has on disk"
    assert serves(proxied)
    assert fetch(f"{proxied.ops_url}/readyz").status == 200
