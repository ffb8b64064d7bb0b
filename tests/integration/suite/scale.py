"""How much a test does: less under a sanitizer, which makes everything several times slower."""
import os

SANITIZED = bool(os.environ.get("TOLLGATE_SANITIZER"))
SANITIZER_SHARE = 10
SANITIZER_SLOWDOWN = 20


def scaled(count):
    """So many, or a share of it under a sanitizer."""
    return count // SANITIZER_SHARE if SANITIZED else count


def patient(limit):
    """A limit of time, longer under a sanitizer."""
    return limit * SANITIZER_SLOWDOWN if SANITIZED else limit
