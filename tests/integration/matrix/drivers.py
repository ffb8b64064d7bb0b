"""Runs cells through the official clients: one process for each client, a few at once."""
import json
import os
import subprocess
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from suite.scale import patient

CLIENTS = Path(__file__).parent / "clients"
CELL_TIMEOUT_S = 60  # A thousand words take some clients seconds on a busy machine.
DRIVER_TIMEOUT_S = 300
PROCESSES = 3
CELLS_AT_ONCE = 4


def _command(driver):
    if driver.endswith(".py"):
        python = Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "venv" / "bin" / "python"
        return [str(python), str(CLIENTS / driver)]
    return ["node", str(CLIENTS / driver)]


def run_client(client, cells, base_url, key, model_of):
    """Runs the cells of one client; returns outcome by cell id."""
    job = {
        "package": client.package, "options": client.options, "baseUrl": base_url + client.base,
        "key": key, "clients": str(Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node"),
        "concurrency": CELLS_AT_ONCE, "timeoutMs": int(patient(CELL_TIMEOUT_S) * 1000),
        "cells": [cell.as_json(model_of(cell)) for cell in cells],
    }
    done = subprocess.run(
        _command(client.driver), input=json.dumps(job), text=True, capture_output=True,
        timeout=patient(DRIVER_TIMEOUT_S), check=False,
        # The AI SDK warns on the console of what the answers warn of.
        env={**os.environ, "NODE_NO_WARNINGS": "1"})
    outcomes = {}
    for line in done.stdout.splitlines():
        if line.startswith('{"id"'):
            outcome = json.loads(line)
            outcomes[outcome["id"]] = outcome
    for cell in cells:
        outcomes.setdefault(cell.id, {
            "id": cell.id, "turns": [], "answers": [],
            "error": {"name": "NoOutcome", "message": done.stderr[-600:]}})
    return outcomes


def run_cells(cells, base_url, key, model_of):
    """Runs all; returns outcome by cell id."""
    by_client = defaultdict(list)
    for cell in cells:
        by_client[cell.client].append(cell)
    outcomes = {}
    with ThreadPoolExecutor(PROCESSES) as pool:
        for result in pool.map(
                lambda item: run_client(item[0], item[1], base_url, key, model_of),
                by_client.items()):
            outcomes.update(result)
    return outcomes
