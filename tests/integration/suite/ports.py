"""Addresses that a program keeps while it is down.

Port 0 gives a port of the range from which the system also takes those of connections: between a
kill and the next start somebody else may have it. So programs that are started again listen below
that range.
"""
import random
import socket
from pathlib import Path

CONNECTION_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT = 10_240  # Below are services that people know by number.
TRIES_MAX = 100


def lasting_address():
    """A free address on loopback; another one each time."""
    first_of_connections = int(CONNECTION_PORTS.read_text(encoding="ascii").split()[0])
    rng = random.SystemRandom()
    for _ in range(TRIES_MAX):
        port = rng.randrange(LOWEST_PORT, max(first_of_connections, LOWEST_PORT + 1))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return f"127.0.0.1:{port}"
    raise AssertionError("no free port")
