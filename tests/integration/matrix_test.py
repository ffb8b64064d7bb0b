"""The matrix: every surface through its official clients × every provider format × every feature.

    pytest … matrix_test.py -s                 runs it and prints the table
    pytest … matrix_test.py --write-docs       and keeps it in docs/compatibility.md
    MATRIX='^gemini.*tools' pytest … matrix_test.py   only the cells whose id matches this
    MATRIX_TOPOLOGY=separate …                 four programs instead of one
    MATRIX_REPORT=FILE …                       what failed and what came, as lines of JSON

matrix/plan.py says what the cells are, matrix/judge.py what is right, and matrix/money.py that what
was told, charged and counted is the same, and what genai-prices makes of the same tokens.
"""
import json
import os
import re

import pytest

from matrix import table
from matrix.drivers import run_cells
from matrix.judge import judge
from matrix.matrix_world import WORKSPACE, MatrixWorld, model_of
from matrix.money import Books
from matrix.plan import cells
from matrix.prices import LIST, charges_of_genai_prices

SHOWN_MAX = 60


def test_the_matrix(request):
    only = re.compile(os.environ.get("MATRIX", ""))
    chosen = [cell for cell in cells() if only.search(cell.id)]
    with MatrixWorld({name: row[2] for name, row in LIST.items()}) as world:
        outcomes = run_cells(chosen, world.base_url, world.key.secret,
                             lambda cell: model_of(cell.wire_format))
        told = {answer["generation"] for outcome in outcomes.values()
                for answer in outcome["answers"]
                if answer["status"] == 200 and answer["generation"]}
        generations = world.ledger.wait_for_generations(WORKSPACE, told)
        entries = world.provider.entries()
    books = Books([item for item in generations if item], entries, charges_of_genai_prices(entries))
    failures = {}
    for cell in chosen:
        outcome = outcomes[cell.id]
        wrong = [*judge(cell, outcome), *books.differences(cell, outcome)]
        if wrong:
            failures[cell.id] = wrong
    passed = {cell.id for cell in chosen} - failures.keys()
    if report := os.environ.get("MATRIX_REPORT"):
        with open(report, "w", encoding="utf-8") as out:
            for identity, wrong in failures.items():
                out.write(json.dumps({"cell": identity, "wrong": wrong,
                                      "outcome": outcomes[identity]}) + "\n")
    print("\n" + table.text(passed))
    if request.config.getoption("--write-docs"):
        table.write_document(passed)
    shown = "\n".join(f"  {identity}: {'; '.join(wrong)}"
                      for identity, wrong in list(failures.items())[:SHOWN_MAX])
    assert not failures, f"{len(failures)} of {len(chosen)} cells failed:\n{shown}"


def test_every_feature_of_a_built_surface_runs_or_says_why_not():
    assert cells(), "there are cells"
    for cell in cells():
        assert cell.id.count("|") == 3, "ids can be taken apart"
    assert len({cell.id for cell in cells()}) == len(cells())


if __name__ == "__main__":
    raise SystemExit(pytest.main([__file__, "-s"]))
