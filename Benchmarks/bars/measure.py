"""Measures the processor time that a server uses for a load."""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


class Tools:
    """Builds the load generator and the canned server."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="apus-bars-")
        self.load = self.build("load", "load.c", "load_parts.c")
        self.canned = self.build("canned", "canned.c")

    def build(self, name, *sources, flags=()):
        """Builds a program. Returns its path."""
        path = os.path.join(self.folder.name, name)
        subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", path]
                       + [os.path.join(HERE, source) for source in sources] + list(flags),
                       check=True)
        return path


class Load:
    """A load generator that has made its connections and waits for the start."""

    def __init__(self, tools, server, words, seconds, core="1"):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", core, tools.load,
             "--port", str(server.port), "--seconds", str(seconds), *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            self.process.wait()
            sys.exit(f"the load of {server.name} did not begin: {' '.join(words)}")

    def run(self):
        """Runs the load. Returns the counts; the connections are still open."""
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the load failed")
        return json.loads(line)

    def end(self):
        """Closes the connections."""
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def connection_counts(server):
    """Returns the number of connections of each worker."""
    counts = []
    for pid in server.workers():
        folder = f"/proc/{pid}/fd"
        links = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
        counts.append(sum(link.startswith("socket:") for link in links))
    return counts


def measure(tools, server, words, seconds, core="1"):
    """Returns microseconds of CPU time per request, the kernel's share, requests per second, and
    the counts of the load."""
    load = Load(tools, server, words, seconds, core)
    counts = connection_counts(server)
    before = server.cpu_times()
    result = load.run()
    user, system = (after - then for after, then in zip(server.cpu_times(), before))
    used = user + system
    load.end()
    requests = max(result["requests"], 1)
    result["cpu"] = used * 1e6 / requests
    result["kernel"] = system / used if used else 0
    result["rate"] = requests / result["seconds"]
    result["spread"] = max(counts) / max(min(counts), 1)
    return result
