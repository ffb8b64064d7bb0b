"""Runs the load generator, and reads what processes cost."""
import json
import os
import resource
import subprocess

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
FILES_WANTED = 65536
LOAD_TIMEOUT_S = 120
FILES_SPARE = 1000          # Of a proxy: its own files, listeners and links.
FILES_PER_STREAM = 2        # Of a proxy: the client's connection and the provider's.


def raise_file_limit():
    """Allows as many open files as this user may have; returns how many connections that is.

    The limit is inherited by all that is started from here.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for limit in (max(hard, FILES_WANTED), hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, max(hard, limit)))
            break
        except (ValueError, OSError):
            continue
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (soft - FILES_SPARE) // FILES_PER_STREAM


def process_tree(pid):
    """The process and all its descendants."""
    pids = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                for child in file.read().split():
                    pids.extend(process_tree(int(child)))
    except OSError:
        pass
    return pids


def rss_bytes(pids):
    """The resident memory of all of them."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total += int(file.read().split()[1]) * PAGE_BYTES
    return total


def thread_seconds(pids):
    """Processor time of each thread of the processes, by process and thread."""
    ticks, seconds = os.sysconf("SC_CLK_TCK"), {}
    for pid in pids:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            seconds[pid, task] = (int(fields[11]) + int(fields[12])) / ticks
    return seconds


def balance(before, after, workers):
    """Of as many threads as there are workers, the busiest ones: the least's time by the most's."""
    busiest = sorted((seconds - before.get(thread, 0) for thread, seconds in after.items()),
                     reverse=True)[:workers]
    return busiest[-1] / busiest[0] if busiest[0] else 0.0


def run_load(binary, workload, proxy, cores, warmup_s=1.0):
    """Runs a load generator on each of `cores`; what they printed, added up."""
    connections = max(workload.connections // len(cores), 1)
    command = [str(binary), "--port", str(proxy.port), "--connections", str(connections),
               "--seconds", str(workload.seconds), "--warmup", str(warmup_s),
               "--body-bytes", str(workload.body_bytes), "--model", proxy.model,
               "--stream", str(int(workload.stream)), "--idle", str(int(workload.idle)),
               "--watch", ";".join(",".join(map(str, pids))
                                   for pids in (proxy.pids, proxy.extra_pids))]
    if proxy.key:
        command += ["--key", proxy.key]
    if proxy.path:
        command += ["--path", proxy.path]
    for header in proxy.headers:
        command += ["--header", header]
    loads = [subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.PIPE,
                              text=True) for core in cores]
    timeout_s = LOAD_TIMEOUT_S + workload.seconds * 4
    results = [json.loads(load.communicate(timeout=timeout_s)[0]) for load in loads]
    return _added_up(results)


def _added_up(results):
    """Counts are added; of latencies the greater one stands; the first has watched the proxy."""
    total = results[0]
    for other in results[1:]:
        for count in ("requests", "errors", "chunks", "rps", "chunks_per_second"):
            total[count] += other[count]
        for latency in ("latency_us", "chunk_latency_us", "ttft_us"):
            total[latency] = {share: max(value, other[latency][share])
                              for share, value in total[latency].items()}
    return total
