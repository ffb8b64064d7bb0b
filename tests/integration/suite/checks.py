"""Small checks that several tests share."""
import re
from decimal import Decimal

from suite.ledger import nano_usd

GENERATION_ID = re.compile(r"gen_[0-7][0-9A-HJKMNP-TV-Z]{25}")


def nano_usd_of_float(usd):
    """Dollars that went through a client's floating point, in nano-USD: the nearest."""
    return nano_usd(Decimal(repr(usd) if isinstance(usd, float) else usd).quantize(
        Decimal("0.000000001")))


def error_of(answer):
    """The error of an answer in OpenAI's envelope, complete as every error is."""
    error = answer.json["error"]
    assert error["type"] and error["code"], error
    assert len(error["message"].split()) >= 3, "a sentence that says what to do"
    assert GENERATION_ID.fullmatch(answer.header("x-generation-id", "")), answer.headers
    return error
