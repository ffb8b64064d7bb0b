"""PyPI openai: chat completions, responses or legacy completions."""
import json

import httpx2
import openai
from python_cells import ANSWER_SCHEMA, CITY_SCHEMA, JOB, run, turn, usage, watch

watch(httpx2)
CLIENT = openai.OpenAI(base_url=JOB["baseUrl"], api_key=JOB["key"], max_retries=0)


def data_url(file):
    return f"data:{file['type']};base64,{file['base64']}"


def cost_of(counted):
    return getattr(counted, "cost", None) if counted else None


class Chat:
    """chat.completions, whole and streamed."""

    @staticmethod
    def tools(names):
        return [{"type": "function", "function": {"name": name, "parameters": CITY_SCHEMA}}
                for name in names]

    @staticmethod
    def told(completion, chunks=0):
        choice = completion.choices[0]
        counted = completion.usage
        calls = [{"name": call.function.name, "args": json.loads(call.function.arguments)}
                 for call in choice.message.tool_calls or []]
        prompt = counted and counted.prompt_tokens_details
        made = counted and counted.completion_tokens_details
        return turn(choice.message.content or "", calls, choice.finish_reason,
                    refusal=choice.message.refusal, chunks=chunks, cost=cost_of(counted),
                    thought=getattr(choice.message, "reasoning", None),
                    usage=usage(counted and counted.prompt_tokens,
                                prompt and prompt.cached_tokens,
                                prompt and getattr(prompt, "cache_write_tokens", 0),
                                counted and counted.completion_tokens,
                                made and made.reasoning_tokens))

    def whole(self, cell, tell, messages, **body):
        completion = CLIENT.chat.completions.create(model=cell["model"], messages=messages, **body)
        tell(self.told(completion))
        return completion.choices[0].message

    def streamed(self, cell, tell, messages, **body):
        chunks = 0
        details = []
        with CLIENT.chat.completions.stream(
                model=cell["model"], messages=messages, stream_options={"include_usage": True},
                **body) as stream:
            for event in stream:
                if event.type == "chunk":
                    chunks += 1
                    for choice in event.chunk.choices:
                        details += getattr(choice.delta, "reasoning_details", None) or []
            completion = stream.get_final_completion()
        tell(self.told(completion, chunks))
        message = completion.choices[0].message
        if not details:
            return message
        return {**message.to_dict(), "reasoning_details": details}

    def tool_turns(self, cell, tell, ask, names, **body):
        body["tools"] = self.tools(names)
        messages = [{"role": "user", "content": cell["prompt"]}]
        message = ask(cell, tell, messages, **body)
        if not isinstance(message, dict):
            message = message.to_dict()
        message.pop("parsed", None)
        for call in message["tool_calls"]:
            call["function"].pop("parsed_arguments", None)
            call.pop("index", None)
        results = [{"role": "tool", "tool_call_id": call["id"],
                    "content": f"{call['function']['name']} is fine"}
                   for call in message["tool_calls"]]
        ask(cell, tell, [*messages, message, *results], **body)

    def features(self):
        def plain(cell):
            return [{"role": "user", "content": cell["prompt"]}]

        def cut(cell, tell):
            text = ""
            for chunk in CLIENT.chat.completions.create(
                    model=cell["model"], messages=plain(cell), stream=True):
                text += (chunk.choices and chunk.choices[0].delta.content) or ""
            tell(turn(text, finish="ended as if whole"))

        def models(_, tell):
            tell(turn(" ".join(model.id for model in CLIENT.models.list()), finish="listed",
                      uncharged=True))

        def reasoning(cell, tell):
            self.tool_turns(cell, tell, self.whole, ["weather"], reasoning_effort="low")
            self.tool_turns(cell, tell, self.streamed, ["weather"], reasoning_effort="low")

        def cached(cell, tell):
            part = {"type": "text", "text": cell["system"]}
            if cell["marks"]:
                part["cache_control"] = {"type": "ephemeral"}
            for _ in range(2):
                self.whole(cell, tell, [{"role": "system", "content": [part]}, *plain(cell)])

        def refusal(cell, tell):
            self.whole(cell, tell, plain(cell))
            # Event by event: the helper that parses raises where a filter ended the answer.
            text, refused, finish, counted = "", None, None, None
            for chunk in CLIENT.chat.completions.create(
                    model=cell["model"], messages=plain(cell), stream=True,
                    stream_options={"include_usage": True}):
                counted = chunk.usage or counted
                for choice in chunk.choices:
                    text += choice.delta.content or ""
                    refused = (refused or "") + choice.delta.refusal if choice.delta.refusal else (
                        refused)
                    finish = choice.finish_reason or finish
            tell(turn(text, finish=finish, refusal=refused, cost=cost_of(counted)))

        def with_part(part):
            def feature(cell, tell):
                self.whole(cell, tell, [{"role": "user", "content": [
                    {"type": "text", "text": cell["prompt"]}, part(cell["file"])]}])
            return feature
        return {
            "text": lambda cell, tell: self.whole(cell, tell, plain(cell)),
            "stream": lambda cell, tell: self.streamed(cell, tell, plain(cell)),
            "tools": lambda cell, tell: self.tool_turns(cell, tell, self.whole, ["weather"]),
            "parallel_tools": lambda cell, tell: self.tool_turns(
                cell, tell, self.streamed, ["weather", "time"]),
            "image": with_part(lambda file: {
                "type": "image_url", "image_url": {"url": data_url(file)}}),
            "pdf": with_part(lambda file: {
                "type": "file", "file": {"filename": "a.pdf", "file_data": data_url(file)}}),
            "structured": lambda cell, tell: self.whole(cell, tell, plain(cell), response_format={
                "type": "json_schema",
                "json_schema": {"name": "out", "strict": True, "schema": ANSWER_SCHEMA}}),
            "reasoning": reasoning, "cache": cached, "refusal": refusal, "cut": cut,
            "models": models,
            "long": lambda cell, tell: self.streamed(cell, tell, plain(cell)),
            "length": lambda cell, tell: self.whole(
                cell, tell, plain(cell), max_completion_tokens=cell["limit"]),
            **{name: lambda cell, tell: self.whole(cell, tell, plain(cell))
               for name in ("error_4xx", "rate_limit", "error_5xx")},
        }


class Responses:
    """responses, whole and streamed."""

    @staticmethod
    def tools(names):
        return [{"type": "function", "name": name, "parameters": CITY_SCHEMA, "strict": True}
                for name in names]

    @staticmethod
    def told(response, chunks=0):
        calls = [{"name": item.name, "args": json.loads(item.arguments)}
                 for item in response.output if item.type == "function_call"]
        thought = "".join(part.text for item in response.output if item.type == "reasoning"
                          for part in item.summary)
        refused = [part.refusal for item in response.output if item.type == "message"
                   for part in item.content if part.type == "refusal"]
        counted = response.usage
        read, made = counted.input_tokens_details, counted.output_tokens_details
        details = response.incomplete_details
        return turn(response.output_text, calls, details.reason if details else response.status,
                    refusal=refused[0] if refused else None, thought=thought or None,
                    chunks=chunks, cost=cost_of(counted),
                    usage=usage(counted.input_tokens, read and read.cached_tokens,
                                read and getattr(read, "cache_write_tokens", 0),
                                counted.output_tokens, made and made.reasoning_tokens))

    def whole(self, cell, tell, **body):
        response = CLIENT.responses.create(model=cell["model"], **body)
        tell(self.told(response))
        return response

    def streamed(self, cell, tell, **body):
        chunks = 0
        last = None
        for event in CLIENT.responses.create(model=cell["model"], stream=True, **body):
            assert event.sequence_number == chunks, f"{event.type} has {event.sequence_number}"
            chunks += 1
            if event.type in ("error", "response.failed"):
                raise RuntimeError(f"in the stream: {event}")
            last = event
        assert last.type in ("response.completed", "response.incomplete"), last.type
        tell(self.told(last.response, chunks))
        return last.response

    def accumulated(self, cell, tell, **body):
        """By the SDK's own helper, which puts the events together, strict about their order."""
        with CLIENT.responses.stream(model=cell["model"], **body) as stream:
            chunks = sum(1 for _ in stream)
            tell(self.told(stream.get_final_response(), chunks))

    def tool_turns(self, cell, tell, ask, names, **body):
        body["tools"] = self.tools(names)
        said = [{"role": "user", "content": cell["prompt"]}]
        response = ask(cell, tell, input=said, **body)
        results = [{"type": "function_call_output", "call_id": item.call_id,
                    "output": f"{item.name} is fine"}
                   for item in response.output if item.type == "function_call"]
        made = [item.to_dict(exclude_none=True) for item in response.output]
        ask(cell, tell, input=[*said, *made, *results], **body)

    def features(self):
        def with_part(part):
            def feature(cell, tell):
                self.whole(cell, tell, input=[{"role": "user", "content": [
                    {"type": "input_text", "text": cell["prompt"]}, part(cell["file"])]}])
            return feature

        def reasoning(cell, tell):
            thinks = {"reasoning": {"effort": "low", "summary": "auto"}}
            stateless = {"store": False, "include": ["reasoning.encrypted_content"]}
            self.tool_turns(cell, tell, self.whole, ["weather"], **thinks)
            self.tool_turns(cell, tell, self.streamed, ["weather"], **thinks, **stateless)

        def cached(cell, tell):
            for _ in range(2):
                self.whole(cell, tell, instructions=cell["system"], input=cell["prompt"],
                           extra_body={"caching": "auto"} if cell["marks"] else None)

        def refusal(cell, tell):
            self.whole(cell, tell, input=cell["prompt"])
            self.streamed(cell, tell, input=cell["prompt"])

        def plain(cell, tell):
            self.whole(cell, tell, input=cell["prompt"])

        def stream(cell, tell):
            self.streamed(cell, tell, input=cell["prompt"])
        return {
            "text": plain, "error_4xx": plain, "rate_limit": plain, "error_5xx": plain,
            "stream": stream, "cut": stream,
            "long": lambda cell, tell: self.accumulated(cell, tell, input=cell["prompt"]),
            "tools": lambda cell, tell: self.tool_turns(cell, tell, self.whole, ["weather"]),
            "parallel_tools": lambda cell, tell: self.tool_turns(
                cell, tell, self.streamed, ["weather", "time"]),
            "image": with_part(lambda file: {
                "type": "input_image", "detail": "auto", "image_url": data_url(file)}),
            "pdf": with_part(lambda file: {
                "type": "input_file", "filename": "a.pdf", "file_data": data_url(file)}),
            "structured": lambda cell, tell: self.whole(cell, tell, input=cell["prompt"], text={
                "format": {"type": "json_schema", "name": "out", "strict": True,
                           "schema": ANSWER_SCHEMA}}),
            "reasoning": reasoning, "cache": cached, "refusal": refusal,
            "length": lambda cell, tell: self.whole(
                cell, tell, input=cell["prompt"], max_output_tokens=cell["limit"]),
        }


run({"chat": Chat, "responses": Responses}[JOB["options"]["kind"]]().features())
