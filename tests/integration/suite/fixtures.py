"""The fixtures of the integration and fault tests."""
import os
from pathlib import Path

import pytest

from suite import world as world_module

# Where setup_clients.sh put Node.js when the machine has none that is new enough.
os.environ["PATH"] = (f"{Path(os.environ['TOLLGATE_CLIENTS_DIR']) / 'nodejs' / 'bin'}"
                      f"{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module", params=["separate", "standalone"])
def world(request):
    """A world in each topology: a test that takes it runs twice."""
    yield from running(world_module.make_world(request.param))


@pytest.fixture(scope="module")
def separate_world():
    """A world of four programs."""
    yield from running(world_module.make_world("separate"))


@pytest.fixture(scope="module")
def standalone_world():
    """A world in one program."""
    yield from running(world_module.make_world("standalone"))


@pytest.fixture(scope="module")
def two_node_world():
    """A world of four programs with a second data plane."""
    yield from running(world_module.make_world("separate", dataplanes=2))


@pytest.fixture(scope="module")
def make_world():
    """Makes worlds with options of their own."""
    return world_module.make_world


def running(world_):
    """Yields the world and stops it afterwards; programs that died meanwhile are a failure."""
    yield world_
    world_.stop()
