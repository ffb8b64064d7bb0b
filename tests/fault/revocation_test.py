"""A revoked key is refused by a connected node within 100 ms."""
import time

from suite.figures import Figures
from suite.scale import patient
from suite.wire import fetch

KEYS = 100
P99_MS_MAX = 100


def test_revocation(separate_world):
    world = separate_world
    keys = [world.workspace.key() for _ in range(KEYS)]
    world.wait_for_key(keys[-1])
    models = f"{world.base_url}/models"
    delays_ms = []
    for key in keys:
        assert fetch(models, key=key.secret).status == 200
        started = time.monotonic()
        world.admin.revoke_key(key)
        while fetch(models, key=key.secret).status == 200:
            assert time.monotonic() - started < 10, f"{key.id} is not refused"
        delays_ms.append((time.monotonic() - started) * 1000)
    delays_ms.sort()
    p99 = delays_ms[KEYS * 99 // 100]
    Figures("C-10", KEYS).add(
        "F6", "a key's revocation to its refusal, median", round(delays_ms[KEYS // 2]), KEYS,
        " ms").add("F6", "a key's revocation to its refusal, p99", round(p99), KEYS, " ms").write()
    assert p99 < patient(P99_MS_MAX), f"the most is {delays_ms[-1]:.1f} ms"
