"""The matrix against a provider that nobody here wrote: @copilotkit/aimock, in every format."""
import json
import tempfile

from matrix.drivers import run_cells
from matrix.judge import judge
from matrix.matrix_world import WORKSPACE, MatrixWorld, model_of
from matrix.money import Books
from matrix.plan import FEATURES, cells
from matrix.prices import ODD
from suite.aimock import Aimock

# What it can answer from fixtures; it takes no thought and sees no file.
CHUNK_CHARACTERS = 4


def _call(name):
    return {"name": name, "arguments": json.dumps({"city": "Paris"})}


FIXTURES = [
    {"match": {"userMessage": FEATURES["text"]}, "chunkSize": CHUNK_CHARACTERS,
     "response": {"content": "You said: Say Marker"}},
    {"match": {"userMessage": FEATURES["tools"], "hasToolResult": False},
     "response": {"toolCalls": [_call("weather")]}},
    {"match": {"userMessage": FEATURES["tools"], "hasToolResult": True},
     "response": {"content": "The tool says: weather is fine"}},
    {"match": {"userMessage": FEATURES["parallel_tools"], "hasToolResult": False},
     "chunkSize": CHUNK_CHARACTERS, "response": {"toolCalls": [_call("weather"), _call("time")]}},
    {"match": {"userMessage": FEATURES["parallel_tools"], "hasToolResult": True},
     "response": {"content": "The tool says: weather is fine time is fine"}},
    {"match": {"userMessage": FEATURES["structured"]},
     "response": {"content": '{"city":"Oslo","count":1}'}},
    {"match": {"userMessage": FEATURES["error_4xx"]},
     "response": {"error": {"message": "refused", "type": "invalid_request_error"},
                  "status": 400}},
    {"match": {"userMessage": FEATURES["error_5xx"]},
     "response": {"error": {"message": "failed", "type": "server_error"}, "status": 503}},
]
FEATURES_OF_AIMOCK = ("text", "stream", "tools", "parallel_tools", "structured", "error_4xx",
                      "error_5xx")


def _passes_on_what_the_driver_checks(cell):
    """Events of responses that pass through have the numbers that the provider gave them, and
    aimock gives none. Gemini's calls end with a reason of aimock's own, FUNCTION_CALL."""
    if cell.client.surface == cell.wire_format == "gemini":
        return cell.feature not in ("tools", "parallel_tools")
    return not (cell.client.surface == cell.wire_format == "responses"
                and cell.client.driver != "aisdk.mjs"
                and cell.feature in ("stream", "parallel_tools"))


def test_the_matrix_against_aimock():
    chosen = [cell for cell in cells() if cell.feature in FEATURES_OF_AIMOCK
              and _passes_on_what_the_driver_checks(cell)]
    with tempfile.TemporaryDirectory() as folder:
        mock = Aimock(folder, FIXTURES).start()
        try:
            with MatrixWorld(ODD, upstream=lambda _: mock.url) as world:
                outcomes = run_cells(chosen, world.base_url, world.key.secret,
                                     lambda cell: model_of(cell.wire_format))
                told = {answer["generation"] for outcome in outcomes.values()
                        for answer in outcome["answers"]
                        if answer["status"] == 200 and answer["generation"]}
                generations = world.ledger.wait_for_generations(WORKSPACE, told)
        finally:
            mock.stop()
    books = Books([item for item in generations if item], None)
    failures = {}
    for cell in chosen:
        wrong = [*judge(cell, outcomes[cell.id]), *books.differences(cell, outcomes[cell.id])]
        if wrong:
            failures[cell.id] = wrong
    shown = "\n".join(f"  {identity}: {'; '.join(wrong)}" for identity, wrong in failures.items())
    assert not failures, f"{len(failures)} of {len(chosen)} cells failed:\n{shown}"
