"""PyPI google-genai: generateContent."""
import base64

from google import genai
from google.genai import types
from python_cells import ANSWER_SCHEMA, CITY_SCHEMA, JOB, run, turn, usage, watch

for _name in ("httpx2", "httpx"):
    try:
        watch(__import__(_name))
    except ImportError:
        pass
CLIENT = genai.Client(api_key=JOB["key"], http_options=types.HttpOptions(base_url=JOB["baseUrl"]))


def told(parts, answer, chunks=0):
    counted = answer.usage_metadata
    calls = [{"name": part.function_call.name, "args": part.function_call.args}
             for part in parts if part.function_call]
    reason = answer.candidates[0].finish_reason
    thoughts = counted and (counted.thoughts_token_count or 0)
    return turn("".join(part.text or "" for part in parts if not part.thought), calls,
                reason.value if reason else None, chunks=chunks,
                cost=getattr(counted, "cost", None),
                thought="".join(part.text or "" for part in parts if part.thought) or None,
                usage=usage(counted and counted.prompt_token_count,
                            counted and counted.cached_content_token_count, 0,
                            counted and (counted.candidates_token_count or 0) + thoughts, thoughts))


def whole(cell, tell, contents, **config):
    answer = CLIENT.models.generate_content(
        model=cell["model"], contents=contents, config=types.GenerateContentConfig(**config))
    parts = answer.candidates[0].content.parts or []
    tell(told(parts, answer))
    return parts


def streamed(cell, tell, contents, **config):
    parts = []
    chunks = 0
    last = None
    for chunk in CLIENT.models.generate_content_stream(
            model=cell["model"], contents=contents, config=types.GenerateContentConfig(**config)):
        chunks += 1
        last = chunk
        if chunk.candidates and chunk.candidates[0].content:
            parts += chunk.candidates[0].content.parts or []
    assert last and last.candidates and last.candidates[0].finish_reason, "ended without a reason"
    tell(told(parts, last, chunks))
    return parts


def user(*parts):
    return types.Content(role="user", parts=list(parts))


def text(cell):
    return types.Part(text=cell["prompt"])


def tool_turns(cell, tell, ask, names, **config):
    config["tools"] = [types.Tool(function_declarations=[
        types.FunctionDeclaration(name=name, parameters_json_schema=CITY_SCHEMA)
        for name in names])]
    config["automatic_function_calling"] = types.AutomaticFunctionCallingConfig(disable=True)
    said = [user(text(cell))]
    parts = ask(cell, tell, said, **config)
    results = [types.Part(function_response=types.FunctionResponse(
        id=part.function_call.id, name=part.function_call.name,
        response={"output": f"{part.function_call.name} is fine"}))
        for part in parts if part.function_call]
    ask(cell, tell, [*said, types.Content(role="model", parts=parts), user(*results)], **config)


def plain(cell, tell):
    whole(cell, tell, [user(text(cell))])


def stream_plain(cell, tell):
    streamed(cell, tell, [user(text(cell))])


def with_file(cell, tell):
    data = base64.b64decode(cell["file"]["base64"])
    whole(cell, tell, [user(text(cell), types.Part.from_bytes(
        data=data, mime_type=cell["file"]["type"]))])


def reasoning(cell, tell):
    thinking = types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
    tool_turns(cell, tell, whole, ["weather"], thinking_config=thinking)
    tool_turns(cell, tell, streamed, ["weather"], thinking_config=thinking)


def cached(cell, tell):
    for _ in range(2):
        whole(cell, tell, [user(text(cell))], system_instruction=cell["system"])


def refusal(cell, tell):
    plain(cell, tell)
    stream_plain(cell, tell)


def count(cell, tell):
    counted = CLIENT.models.count_tokens(model=cell["model"], contents=[user(text(cell))])
    tell(turn(str(counted.total_tokens), finish="counted", uncharged=True))


def models(_, tell):
    tell(turn(" ".join(model.name for model in CLIENT.models.list()), finish="listed",
              uncharged=True))


run({
    "text": plain, "error_4xx": plain, "rate_limit": plain, "error_5xx": plain,
    "stream": stream_plain, "long": stream_plain, "cut": stream_plain,
    "tools": lambda cell, tell: tool_turns(cell, tell, whole, ["weather"]),
    "parallel_tools": lambda cell, tell: tool_turns(cell, tell, streamed, ["weather", "time"]),
    "image": with_file, "pdf": with_file,
    "structured": lambda cell, tell: whole(
        cell, tell, [user(text(cell))], response_mime_type="application/json",
        response_json_schema=ANSWER_SCHEMA),
    "reasoning": reasoning, "cache": cached, "refusal": refusal, "count": count, "models": models,
    "length": lambda cell, tell: whole(
        cell, tell, [user(text(cell))], max_output_tokens=cell["limit"]),
})
