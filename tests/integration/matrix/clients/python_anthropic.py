"""PyPI anthropic: messages."""
import anthropic
from python_cells import ANSWER_SCHEMA, CITY_SCHEMA, JOB, run, turn, usage, watch

for _name in ("httpx2", "httpx"):
    try:
        watch(__import__(_name))
    except ImportError:
        pass
CLIENT = anthropic.Anthropic(base_url=JOB["baseUrl"], api_key=JOB["key"], max_retries=0)
TOKENS_MAX = 8192


def told(message, chunks=0, cost=None):
    calls = [{"name": block.name, "args": block.input} for block in message.content
             if block.type == "tool_use"]
    counted = message.usage
    details = getattr(counted, "output_tokens_details", None)
    return turn("".join(block.text for block in message.content if block.type == "text"), calls,
                message.stop_reason, chunks=chunks,
                cost=cost if cost is not None else getattr(counted, "cost", None),
                thought="".join(block.thinking for block in message.content
                                if block.type == "thinking") or None,
                usage=usage(counted.input_tokens, counted.cache_read_input_tokens,
                            counted.cache_creation_input_tokens, counted.output_tokens,
                            details and details.thinking_tokens))


def whole(cell, tell, messages, **body):
    message = CLIENT.messages.create(
        model=cell["model"], messages=messages, **{"max_tokens": TOKENS_MAX, **body})
    tell(told(message))
    return message


def streamed(cell, tell, messages, **body):
    chunks = 0
    cost = None
    with CLIENT.messages.stream(
            model=cell["model"], messages=messages, max_tokens=TOKENS_MAX, **body) as stream:
        for event in stream:
            chunks += 1
            if event.type == "message_delta":
                cost = getattr(event.usage, "cost", cost)
        message = stream.get_final_message()
    tell(told(message, chunks, cost))
    return message


def tool_turns(cell, tell, ask, names, **body):
    body["tools"] = [{"name": name, "input_schema": CITY_SCHEMA} for name in names]
    said = [{"role": "user", "content": cell["prompt"]}]
    message = ask(cell, tell, said, **body)
    results = [{"type": "tool_result", "tool_use_id": block.id, "content": f"{block.name} is fine"}
               for block in message.content if block.type == "tool_use"]
    ask(cell, tell, [*said, {"role": "assistant", "content": message.content},
                     {"role": "user", "content": results}], **body)


def plain(cell, tell):
    whole(cell, tell, [{"role": "user", "content": cell["prompt"]}])


def stream_plain(cell, tell):
    streamed(cell, tell, [{"role": "user", "content": cell["prompt"]}])


def with_file(kind):
    def feature(cell, tell):
        source = {"type": "base64", "media_type": cell["file"]["type"],
                  "data": cell["file"]["base64"]}
        whole(cell, tell, [{"role": "user", "content": [
            {"type": "text", "text": cell["prompt"]}, {"type": kind, "source": source}]}])
    return feature


def reasoning(cell, tell):
    thinking = {"type": "enabled", "budget_tokens": 2048}
    tool_turns(cell, tell, whole, ["weather"], thinking=thinking)
    tool_turns(cell, tell, streamed, ["weather"], thinking=thinking)


def cached(cell, tell):
    system = [{"type": "text", "text": cell["system"], "cache_control": {"type": "ephemeral"}}]
    for ask in (whole, streamed):
        ask(cell, tell, [{"role": "user", "content": cell["prompt"]}], system=system)


def refusal(cell, tell):
    plain(cell, tell)
    stream_plain(cell, tell)


def count(cell, tell):
    counted = CLIENT.messages.count_tokens(
        model=cell["model"], messages=[{"role": "user", "content": cell["prompt"]}])
    tell(turn(str(counted.input_tokens), finish="counted", uncharged=True))


def models(_, tell):
    tell(turn(" ".join(model.id for model in CLIENT.models.list()), finish="listed",
              uncharged=True))


run({
    "text": plain, "error_4xx": plain, "rate_limit": plain, "error_5xx": plain,
    "stream": stream_plain, "long": stream_plain, "cut": stream_plain,
    "tools": lambda cell, tell: tool_turns(cell, tell, whole, ["weather"]),
    "parallel_tools": lambda cell, tell: tool_turns(cell, tell, streamed, ["weather", "time"]),
    "image": with_file("image"), "pdf": with_file("document"),
    "structured": lambda cell, tell: whole(
        cell, tell, [{"role": "user", "content": cell["prompt"]}],
        output_config={"format": {"type": "json_schema", "schema": ANSWER_SCHEMA}}),
    "reasoning": reasoning, "cache": cached, "refusal": refusal, "count": count, "models": models,
    "length": lambda cell, tell: whole(
        cell, tell, [{"role": "user", "content": cell["prompt"]}], max_tokens=cell["limit"]),
})
