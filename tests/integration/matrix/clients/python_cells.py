"""What the PyPI drivers of the matrix share; the twin of cells.mjs, which says what a turn is."""
import json
import sys
import traceback

JOB = json.load(sys.stdin)

CITY_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}},
               "required": ["city"], "additionalProperties": False}
ANSWER_SCHEMA = {"type": "object",
                 "properties": {"city": {"type": "string"}, "count": {"type": "integer"}},
                 "required": ["city", "count"], "additionalProperties": False}

_ANSWERS = []


def watch(module):
    """Notes the status and the generation id of each HTTP answer that a client of httpx gets."""
    send = module.Client.send

    def noting_send(self, *args, **kwargs):
        answer = send(self, *args, **kwargs)
        _ANSWERS.append({"status": answer.status_code,
                         "generation": answer.headers.get("x-generation-id"),
                         "retryAfter": answer.headers.get("retry-after"),
                         "cost": answer.headers.get("x-tollgate-cost")})
        return answer
    module.Client.send = noting_send


def usage(total_input, cached, written, output, reasoning):
    """The usage of a turn."""
    return {"input": total_input, "cached": cached or 0, "written": written or 0, "output": output,
            "reasoning": reasoning or 0}


def turn(text="", calls=(), finish=None, **more):
    """A turn."""
    return {"text": text, "calls": list(calls), "finish": finish, "refusal": None, "thought": None,
            "chunks": 0, "cost": None, **more}


def run(features):
    """Runs the cells one after the other."""
    for cell in JOB["cells"]:
        _ANSWERS.clear()
        out = {"id": cell["id"], "turns": [], "error": None}
        try:
            features[cell["feature"]](cell, out["turns"].append)
        except Exception as error:  # pylint: disable=broad-exception-caught
            status = next((getattr(error, name) for name in ("status_code", "code")
                           if getattr(error, name, None) is not None), None)
            out["error"] = {"name": type(error).__name__, "status": status,
                            "message": str(error)[:500], "body": None}
            if JOB["options"].get("stack"):
                traceback.print_exc()
        print(json.dumps({**out, "answers": list(_ANSWERS)}), flush=True)
