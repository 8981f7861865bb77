"""Starts the servers of the benchmarks, each with one worker, without a log and otherwise untuned;
and reads their costs from /proc."""

import atexit
import contextlib
import http.client
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SIZES = {"1 KiB": 1 << 10, "10 KiB": 10 << 10, "100 KiB": 100 << 10, "1 MiB": 1 << 20,
         "10 MiB": 10 << 20}

# For apus and nginx.
NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile {descriptors};
pid {folder}/{name}.pid;
error_log {folder}/{name}.error crit;
{user}
events {{ worker_connections {connections}; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000000;
    keepalive_time 24h;
    keepalive_timeout 600s;
    default_type application/octet-stream;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {root}; }}
}}
"""

LIGHTTPD = """
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{root}"
server.errorlog = "{folder}/{name}.error"
server.max-keep-alive-requests = 65535
server.max-keep-alive-idle = 600
server.max-fds = {descriptors}
server.max-connections = {connections}
mimetype.assign = ( "" => "application/octet-stream" )
"""

H2O = """
num-threads: 1
max-connections: {connections}
listen:
  host: 127.0.0.1
  port: {port}
http1-request-timeout: 600
{user}
hosts:
  default:
    paths:
      "/":
        file.dir: {root}
"""


def free_port():
    """Returns a port below the range of clients, so that no connection of a load uses it."""
    import socket
    while True:
        port = random.randint(12000, 31999)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """A running server; `with` stops it with all of its processes."""

    def __init__(self, name, binary, place, connections=2048, core=0, text=None, files=0,
                 workers=1):
        """`core` are the processors that it may use, as taskset takes them; `text` a template of
        a configuration in place of the usual one; `files` how many it may keep open; `workers` how
        many processes a server has that has no configuration."""
        self.name = name
        self.port = free_port()
        is_root = os.geteuid() == 0
        is_h2o, is_lighttpd = name == "h2o", name == "lighttpd"
        template = text or (H2O if is_h2o else LIGHTTPD if is_lighttpd else NGINX)
        # lighttpd needs two descriptors per connection, one for a file.
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        descriptors = connections * (2 if is_lighttpd else 1) + 200 + files
        if hard != resource.RLIM_INFINITY:
            descriptors = min(descriptors, hard)
        user = ""
        if is_root:
            user = "user: nobody" if is_h2o else "user nobody nogroup;"
        path = os.path.join(place.folder, name + ".conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(template.format(
                name=name, port=self.port, root=place.root, folder=place.folder, user=user,
                connections=connections,
                descriptors=descriptors))
        if name == "canned":
            command = [binary, str(self.port), "1024", str(workers)]
        elif is_h2o:
            command = [binary, "-m", "worker", "-c", path]
        elif is_lighttpd:
            command = [binary, "-D", "-f", path]
        else:
            command = [binary, "-p", place.folder, "-c", path, "-e", place.folder + "/start.log"]
        # If this script is killed, its servers get a signal.
        prefix = ["setpriv", "--pdeathsig", "TERM", "taskset", "-c", str(core)]
        with open(os.path.join(place.folder, name + ".out"), "w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                prefix + command, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True)
        self.output = output.name
        atexit.register(self.stop)
        self._wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _wait(self):
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError):
                self.get("/1024")
                return
            time.sleep(0.02)
        self.stop()
        with open(self.output, encoding="utf-8") as file:
            sys.exit(f"{self.name} did not start: {file.read()}")

    def get(self, target):
        """Sends a request on a new connection. Returns the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise OSError(f"{self.name} answers {response.status} to {target}")
        return body

    def url(self, target):
        return f"http://127.0.0.1:{self.port}{target}"

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def pids(self):
        """Returns all processes of the server: those of its session."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                fields = stat_fields(name)
                if fields and int(fields[3]) == self.process.pid and fields[0] != "Z":
                    found.append(int(name))
        return found

    def workers(self):
        """Returns the processes that serve: the master's children if there is a master."""
        if self.name in ("lighttpd", "h2o", "canned"):
            return [self.process.pid]
        if self.name == "apus":
            return [pid for pid in self.pids() if process_name(pid) == "apus-worker"]
        return [pid for pid in self.pids() if pid != self.process.pid]

    def cpu_times(self):
        """Returns the user and system time in seconds of all processes and threads of the server,
        including those that have exited."""
        user = system = 0
        for pid in self.pids():
            fields = stat_fields(pid)
            if fields:
                # utime, stime, and those of reaped children: proc(5), 14 to 17.
                user += int(fields[11]) + int(fields[13])
                system += int(fields[12]) + int(fields[14])
        ticks = os.sysconf("SC_CLK_TCK")
        return user / ticks, system / ticks

    def cpu_seconds(self):
        """Returns the sum of both."""
        return sum(self.cpu_times())

    def private_dirty(self):
        """Returns the private memory of the workers in bytes."""
        total = 0
        for pid in self.workers():
            with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
                total += int(re.search(r"Private_Dirty:\s+(\d+) kB", file.read())[1]) * 1024
        return total


def process_name(pid):
    """Returns the name of a process; empty if it has exited."""
    with contextlib.suppress(FileNotFoundError):
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    return ""


def stat_fields(pid):
    """Returns the fields of /proc/PID/stat after the name: state is 0, ppid 1, session 3."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


class Place:
    """A directory with a document root that has one file of each size, named by the size."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="apus-bench-")
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)
        os.chmod(self.folder, 0o755)
        self.root = os.path.join(self.folder, "root")
        os.mkdir(self.root, 0o755)
        generator = random.Random(1)
        for size in SIZES.values():
            path = os.path.join(self.root, str(size))
            with open(path, "wb") as file:
                file.write(generator.randbytes(size))
            # Old files, since a server may not cache recent ones.
            os.utime(path, (1_581_686_055, 1_581_686_055))

    def content(self, size):
        with open(os.path.join(self.root, str(size)), "rb") as file:
            return file.read()


def load(server, target, seconds, connections, close=False, core=1):
    """Runs wrk on the other core. Returns the number of responses."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
    if close:
        command += ["-H", "Connection: close"]
    result = subprocess.run(command + [server.url(target)], capture_output=True, text=True,
                            timeout=seconds + 30, check=True)
    if "Non-2xx" in result.stdout:
        sys.exit(f"{server.name}: {result.stdout}")
    return int(re.search(r"(\d+) requests in", result.stdout)[1])


def binaries(apus, peers):
    """Returns names and paths of apus and the installed peers."""
    apus = apus or os.path.join(os.path.dirname(__file__), "../.build/release/apus")
    if not os.access(apus, os.X_OK):
        sys.exit(f"{apus} is not there: make release, or name a binary with --apus")
    found = {"apus": os.path.abspath(apus)}
    for peer in peers:
        path = shutil.which(peer, path=os.environ["PATH"] + ":/usr/sbin")
        if path:
            found[peer] = path
        else:
            print(f"{peer} is not installed and left out", file=sys.stderr)
    return found


def raise_descriptor_limit(count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        limit = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def version(binary):
    for option in ("-v", "--version"):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            result = subprocess.run([binary, option], capture_output=True, text=True, timeout=5,
                                    stdin=subprocess.DEVNULL, check=False)
            found = re.search(r"\d+\.\d+[\w.+-]*", result.stdout + result.stderr)
            if found:
                return found[0]
    return "?"


def machine():
    """Returns date, processor and kernel, to accompany figures."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    return (f"{time.strftime('%Y-%m-%d')}, {model[1] if model else os.uname().machine}, "
            f"{os.cpu_count()} processors, Linux {os.uname().release}")


def end_on_signals():
    """Lets the clean-up run when the script gets a signal."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
