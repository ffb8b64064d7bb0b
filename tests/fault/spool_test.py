"""One identity, one process: a data plane on a copy of another one's folder."""
import shutil

from suite.figures import Figures
from suite.waiting import wait_until
from suite.wire import fetch


def readiness(world):
    """The status of each node's readiness."""
    return [fetch(f"{url}/readyz").status for url in world.suite.ops_urls]


def test_copied_folder(make_world):
    world = make_world("separate", dataplanes=2)
    try:
        first, second = world.suite.dataplanes
        body = {"model": "test/fast", "messages": [{"role": "user", "content": "x"}]}
        assert fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, body).succeeded
        world.settle()
        second.terminate()
        folder = world.suite.directory
        shutil.rmtree(folder / second.name)
        shutil.copytree(folder / first.name, folder / second.name)
        second.start()

        def one_is_refused():
            """Seen with the first record or question of the one that is: so both have work."""
            for url in world.api_urls:
                fetch(f"{url}/v1/chat/completions", "POST", world.key.secret, body)
            return sorted(readiness(world)) == [200, 503]
        wait_until("one of the two is refused", one_is_refused, 30, 0.1)
        refused = world.suite.ops_urls[readiness(world).index(503)]
        why = fetch(f"{refused}/readyz").body.decode()
        assert "as this node" in why, why
        Figures("M-17").add("F3", "nodes that both go on under one identity", 0, 1).write()
    finally:
        world.suite.kill()
        world.stop()
