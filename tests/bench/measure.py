"""Reads what a process costs from /proc, and runs the load generator."""
import json
import os
import subprocess

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def process_tree(pid):
    """The process and all its descendants."""
    pids = [pid]
    for child_list in _children(pid):
        pids.extend(process_tree(child_list))
    return pids


def _children(pid):
    children = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children.extend(int(child) for child in file.read().split())
    except OSError:
        pass
    return children


def cpu_seconds(pids):
    """(user, kernel) seconds that the processes have used so far."""
    user = kernel = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        user += int(fields[11])
        kernel += int(fields[12])
    return user / TICKS_PER_SECOND, kernel / TICKS_PER_SECOND


def rss_bytes(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total += int(file.read().split()[1]) * PAGE_BYTES
    return total


def run_load(binary, workload, port, core, key="", model="bench/chat", path=None):
    """Runs the load generator to its end and returns what it printed."""
    command = ["taskset", "-c", str(core), str(binary), "--port", str(port),
               "--connections", str(workload.connections), "--seconds", str(workload.seconds),
               "--warmup", "1", "--body-bytes", str(workload.body_bytes), "--model", model,
               "--stream", str(int(workload.stream)), "--idle", str(int(workload.idle))]
    if key:
        command += ["--key", key]
    if path:
        command += ["--path", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True,
                          timeout=60 + workload.seconds * 4)
    return json.loads(done.stdout)
