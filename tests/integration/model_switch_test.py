"""A conversation may change its model at any turn, whichever format the next one's provider speaks.

The client gives back what it was answered, thoughts and signatures and all, as the official clients
do. A provider that is strict must not see what another maker's model signed, nor what only the
gateway writes.
"""
import pytest

from matrix.matrix_world import MatrixWorld, model_of
from matrix.plan import BUILT_FORMATS
from matrix.prices import LIST
from suite.wire import fetch

FORMATS = sorted(BUILT_FORMATS)
LIMIT = 3000
QUESTION, NEXT = "Say Oslo.", "And now?"


class Chat:
    """Chat completions, and OpenRouter's."""

    path = "/v1/chat/completions"

    @staticmethod
    def ask(model, turns):
        """The body that asks after these turns."""
        return {"model": model, "max_tokens": LIMIT, "messages": turns}

    @staticmethod
    def first(body):
        """The same, with thoughts."""
        return {**body, "reasoning_effort": "low"}

    @staticmethod
    def said(answer):
        """The answer's turn, as it is given back."""
        return [answer["choices"][0]["message"]]

    user = staticmethod(lambda text: {"role": "user", "content": text})
    thoughts = staticmethod(lambda turns: [t for t in turns if t.get("reasoning")])


class OpenRouter(Chat):
    path = "/api/v1/chat/completions"


class Responses(Chat):
    path = "/v1/responses"

    @staticmethod
    def ask(model, turns):
        return {"model": model, "max_output_tokens": LIMIT, "store": False, "input": turns}

    @staticmethod
    def first(body):
        return {**body, "reasoning": {"effort": "low"}, "include": ["reasoning.encrypted_content"]}

    @staticmethod
    def said(answer):
        return answer["output"]

    thoughts = staticmethod(lambda turns: [t for t in turns if t.get("type") == "reasoning"])


class Messages(Chat):
    path = "/v1/messages"

    @staticmethod
    def first(body):
        return {**body, "thinking": {"type": "enabled", "budget_tokens": 1024}}

    @staticmethod
    def said(answer):
        return [{"role": "assistant", "content": answer["content"]}]

    @staticmethod
    def thoughts(turns):
        return [block for turn in turns for block in turn["content"]
                if block["type"] in ("thinking", "redacted_thinking")]


class Gemini(Chat):
    @staticmethod
    def ask(model, turns):
        return {"contents": turns, "generationConfig": {"maxOutputTokens": LIMIT}}

    @staticmethod
    def first(body):
        thinking = {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024}}
        return {**body, "generationConfig": {**body["generationConfig"], **thinking}}

    @staticmethod
    def said(answer):
        return [answer["candidates"][0]["content"]]

    user = staticmethod(lambda text: {"role": "user", "parts": [{"text": text}]})

    @staticmethod
    def thoughts(turns):
        return [part for turn in turns for part in turn["parts"] if part.get("thought")]


SURFACES = {"chat": Chat, "openrouter": OpenRouter, "responses": Responses, "messages": Messages,
            "gemini": Gemini}


@pytest.fixture(scope="module", name="world")
def world_fixture():
    """One for all."""
    with MatrixWorld({name: row[2] for name, row in LIST.items()}) as made:
        yield made


def call(world, surface, model, body):
    path = f"/v1beta/models/{model}:generateContent" if surface is Gemini else surface.path
    headers = [("anthropic-version", "2026-10-21")] if surface is Messages else []
    answer = fetch(world.base_url + path, "POST", world.key.secret, body, headers)
    assert answer.status == 200, f"{path} on {model}: {answer.body.decode()}"
    return answer


@pytest.mark.parametrize("name", SURFACES)
def test_the_next_turn_is_another_models(world, name):
    surface = SURFACES[name]
    thought = 0
    for former in FORMATS:
        question = [surface.user(QUESTION)]
        body = surface.first(surface.ask(model_of(former), question))
        turns = surface.said(call(world, surface, model_of(former), body).json)
        thought += len(surface.thoughts(turns))
        for later in FORMATS:
            asked = question + turns + [surface.user(NEXT)]
            answer = call(world, surface, model_of(later), surface.ask(model_of(later), asked))
            assert NEXT in answer.body.decode(), "the model saw the question"
            assert not surface.thoughts(surface.said(answer.json)), "nobody asked for them"
    assert thought >= 3, "models whose thoughts are shown took part"


def test_an_answer_has_what_its_client_looks_for(world):
    """The request's id, where each API's own clients read it."""
    for surface, field in ((Chat, "x-request-id"), (Messages, "request-id")):
        for model in map(model_of, FORMATS):
            answer = call(world, surface, model, surface.ask(model, [surface.user(QUESTION)]))
            assert answer.header(field) == answer.header("x-generation-id")
