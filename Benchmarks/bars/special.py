"""Measurements other than CPU time: latency, the longest iteration of the event loop, memory."""

import contextlib
import os
import re
import shutil
import signal
import statistics
import subprocess
import time

from measure import Load, measure
from setups import Setup
from works import PEERS

FILE = ["--path", "/1024"]


def median(values):
    return statistics.median(values)


def top_rates(tools, running, options):
    """Returns the requests per second of each server in a closed loop."""
    return {name: median([measure(tools, server, FILE + ["--connections", "64"],
                                  options.seconds)["rate"] for _ in range(3)])
            for name, server in running.items()}


def latency(tools, found, site, options):
    """Returns p99 at half of the best peer's rate, in an open loop."""
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(Setup().start(name, found[name], site))
                   for name in ("apus", *PEERS) if name in found}
        rates = top_rates(tools, running, options)
        best = max(rate for name, rate in rates.items() if name != "apus")
        words = FILE + ["--connections", "256", "--rate", str(best / 2)]
        found_p99 = {name: [] for name in running}
        for _ in range(options.rounds):
            for name, server in running.items():
                found_p99[name].append(measure(tools, server, words, options.seconds))
        turn = longest_turn(tools, running["apus"], words, options.seconds)
    rows = {name: (median([one["p50"] for one in all_]), median([one["p99"] for one in all_]),
                   median([one["missed"] for one in all_])) for name, all_ in found_p99.items()}
    return best / 2, rows, turn


def longest_turn(tools, server, words, seconds):
    """Returns the time from the end of a wait to the beginning of the next in milliseconds:
    maximum and 99.9th percentile, measured with perf trace; None without perf."""
    if not shutil.which("perf") or os.geteuid() != 0:
        return None
    path = f"/tmp/apus-turns-{os.getpid()}"
    tracer = subprocess.Popen(
        ["perf", "trace", "-e", "epoll_wait,epoll_pwait", "-p", str(server.workers()[0]),
         "-o", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        load = Load(tools, server, words, seconds)
        time.sleep(0.5)  # perf gives no sign when it has begun
        load.run()
        load.end()
    finally:
        tracer.send_signal(signal.SIGINT)
        tracer.wait()
    turns, last = [], None
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as file:
        for line in file:
            times = re.match(r"\s*([\d.]+) \(\s*([\d.]+) ms\)", line)
            if times is None:
                last = None
                continue
            start, length = float(times[1]), float(times[2])
            if last is not None:
                turns.append(start - last)
            last = start + length
    with contextlib.suppress(OSError):
        os.remove(path)
    if len(turns) < 100:
        return None
    turns.sort()
    return turns[-1], turns[int(len(turns) * 0.999)]


def memory(tools, found, site, options):
    """Returns the private memory of a worker in KiB, after a load of a small and a large file,
    and of many files."""
    rows = {}
    for name in ("apus", "nginx", "h2o"):
        if name not in found:
            continue
        with Setup(entries=10_000).start(name, found[name], site) as server:
            for path in ("/1024", "/1048576"):
                measure(tools, server, ["--path", path, "--connections", "100"], options.seconds)
            small = server.private_dirty()
            measure(tools, server, ["--paths", site.zipf(100_000)], 2 * options.seconds)
            rows[name] = (small / 1024, server.private_dirty() / 1024)
    return rows
