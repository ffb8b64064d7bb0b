"""Waiting for conditions. No test sleeps for a fixed time and hopes."""
import time

POLL_INTERVAL_S = 0.01


class Deadline(AssertionError):
    """A condition did not come true in time."""


def wait_until(what, condition, timeout_s=15.0, interval_s=POLL_INTERVAL_S):
    """Calls `condition` until it is truthy and returns that value.

    An exception counts as "not yet". After `timeout_s` raises Deadline with `what` was waited for
    and what was seen last.
    """
    end = time.monotonic() + timeout_s
    while True:
        last = None
        try:
            value = condition()
            if value:
                return value
            last = f"last value: {value!r}"
        except Exception as error:  # pylint: disable=broad-except
            last = f"last error: {error!r}"
        if time.monotonic() > end:
            raise Deadline(f"not within {timeout_s} s: {what} ({last})")
        time.sleep(interval_s)
