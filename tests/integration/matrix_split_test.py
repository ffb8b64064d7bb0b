"""Every surface's stream is valid when its bytes are split anywhere.

A proxy that hands on one byte at a time stands between the provider and the gateway, and another
between the gateway and the client.
"""
import pytest

from matrix.drivers import run_cells
from matrix.judge import judge
from matrix.matrix_world import WORKSPACE, MatrixWorld, model_of
from matrix.money import Books
from matrix.plan import cells
from matrix.prices import ODD
from suite.splitting_proxy import SplittingProxy

# The ones that are streamed, or have parts that are put together.
FEATURES = ("stream", "parallel_tools", "reasoning", "refusal")


@pytest.fixture(name="proxies")
def proxies_fixture():
    """Proxies that are ended after the test."""
    made = []

    def make(url):
        made.append(SplittingProxy(url).__enter__())
        return made[-1].url
    make.all = made
    yield make
    for proxy in made:
        proxy.__exit__()


def test_streams_are_valid_when_split_anywhere(proxies):
    chosen = [cell for cell in cells() if cell.feature in FEATURES]
    with MatrixWorld(ODD, upstream=proxies) as world:
        outcomes = run_cells(chosen, proxies(world.base_url), world.key.secret,
                             lambda cell: model_of(cell.wire_format))
        told = {answer["generation"] for outcome in outcomes.values()
                for answer in outcome["answers"] if answer["generation"]}
        generations = world.ledger.wait_for_generations(WORKSPACE, told)
        books = Books([item for item in generations if item], world.provider.entries())
    failures = {}
    for cell in chosen:
        wrong = [*judge(cell, outcomes[cell.id]), *books.differences(cell, outcomes[cell.id])]
        if wrong:
            failures[cell.id] = wrong
    assert all(proxy.bytes_split > 1000 * len(chosen) / 4 for proxy in proxies.all), \
        "answers went through both proxies"
    shown = "\n".join(f"  {identity}: {'; '.join(wrong)}" for identity, wrong in failures.items())
    assert not failures, f"{len(failures)} of {len(chosen)} cells failed:\n{shown}"
