"""A slow disk, where one request in a hundred needs a file that is not in the page cache: how
long an iteration of the event loop takes."""

import os
import random
import shutil
import statistics
import subprocess
import tempfile
import time

from measure import measure
from setups import Setup
from special import longest_turn

DELAY_MS = 20
FLAGS = ["pkg-config", "--cflags", "--libs", "fuse3"]


class SlowDisk:
    """The mounted file system, where `servers.Server` looks for a site."""

    def __init__(self, tools):
        flags = subprocess.run(FLAGS, check=True, capture_output=True, text=True).stdout.split()
        program = tools.build("slow_disk", "slow_disk.c", flags=flags)
        self.temporary = tempfile.TemporaryDirectory(prefix="apus-cold-")
        self.folder = self.temporary.name
        os.chmod(self.folder, 0o755)
        self.root = os.path.join(self.folder, "disk")
        os.mkdir(self.root)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", "1", program, str(DELAY_MS),
             self.root])
        deadline = time.monotonic() + 10
        while not os.path.ismount(self.root):
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise OSError("the slow disk cannot be mounted")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        subprocess.run(["umount", "-l", self.root], stderr=subprocess.DEVNULL, check=False)
        self.temporary.cleanup()

    def paths(self, count, turn):
        """Writes a file of paths, of which one in a hundred was never requested before."""
        drawn = random.Random(turn)
        path = os.path.join(self.folder, f"paths-{turn}")
        with open(path, "w", encoding="utf-8") as file:
            for number in range(count):
                name = f"cold-{turn}-{number}" if drawn.random() < 0.01 else \
                    f"hot-{drawn.randrange(100)}"
                file.write(f"/{name}\n")
        return path


def can_run():
    """Returns whether this machine has what is needed."""
    has_fuse = subprocess.run(FLAGS, capture_output=True, check=False).returncode == 0
    return (os.path.exists("/dev/fuse") and os.geteuid() == 0 and has_fuse
            and bool(shutil.which("perf")))


def turns(tools, found, options):
    """Returns for each server, with and without `aio threads`: the longest iteration of its loop
    in ms, the 99.9th percentile, and p99 in us; medians of the rounds."""
    columns = [(name, aio) for name in ("apus", "nginx") if name in found for aio in (True, False)]
    results = {column: [] for column in columns}
    rate = 1000
    with SlowDisk(tools) as disk:
        turn = 0
        for _ in range(min(options.rounds, 3)):
            for name, aio in columns:
                setup = Setup(aio=aio, cache=name == "apus")
                with setup.start(name, found[name], disk) as server:
                    turn += 1
                    words = ["--paths", disk.paths(int(rate * options.seconds * 2), turn),
                             "--connections", "64", "--rate", str(rate)]
                    longest = longest_turn(tools, server, words, options.seconds)
                    turn += 1
                    words[1] = disk.paths(int(rate * options.seconds * 2), turn)
                    latency = measure(tools, server, words, options.seconds)
                    if longest:
                        results[name, aio].append((*longest, latency["p99"], latency["p50"]))
    return {column: [statistics.median(values) for values in zip(*rounds)]
            for column, rounds in results.items() if rounds}
