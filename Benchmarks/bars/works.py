"""The workloads, and the targets of apus in each."""

import dataclasses

import site_files
from setups import Setup

PEERS = ("nginx", "lighttpd", "h2o")


@dataclasses.dataclass(frozen=True)
class Column:
    """A measurement: a server, its configuration, and the load."""

    server: str
    setup: Setup = Setup()
    load: tuple = ()
    # The title of the column, if it is not the server's name.
    label: str = ""

    @property
    def name(self):
        return self.label or self.server


@dataclasses.dataclass(frozen=True)
class Bar:
    """A minimum for the ratio of `over` to apus in `metric`; `best` is the cheapest peer. With
    `most`, a maximum for the ratio of apus to `over`."""

    over: str
    least: float = 0
    most: float = 0
    metric: str = "cpu"


@dataclasses.dataclass(frozen=True)
class Work:
    name: str
    columns: tuple
    bars: tuple
    warm: float = 0.3
    # The minimum duration of a measurement, for large responses.
    seconds: float = 0


# The loads for the canned server.
CANNED = Column("canned", load=("--path", "/1024"))


def columns(load, setup=Setup(), peers=PEERS, canned=False):
    """Returns the columns of apus and peers that can do the same."""
    names = ("apus",) + (("canned",) if canned else ()) + tuple(peers)
    return tuple(Column(name, setup, tuple(load)) for name in names)


def over(**least):
    """Returns targets of CPU time: nginx=1.5, best=1.1."""
    return tuple(Bar(name, least=value) for name, value in least.items())


def small(site):
    """Returns workloads of small cached files."""
    file = ["--path", "/1024"]
    browser = ["--fields", site.fields("browser", site_files.BROWSER)]
    return [
        Work("1 KiB keep-alive", columns(file, canned=True),
             (Bar("canned", most=1.10),) + over(nginx=1.5, best=1.1)),
        Work("1 KiB, browser's head", columns(file + browser), over(nginx=1.5, best=1.1)),
        Work("10 KiB keep-alive", columns(["--path", "/10240"]), over(nginx=1.3, best=1.1)),
        Work("16 pipelined", columns(file + ["--pipeline", "16"], canned=True),
             over(nginx=5, best=2) + (Bar("nginx", least=4, metric="rate"),)),
        Work("a connection each", columns(file + ["--close"]), over(best=1.0)),
        Work("2 workers",
             tuple(Column(name, Setup(workers=count, cores="0,1"), tuple(file), label)
                   for name, count, label in (
                       ("apus", 2, ""), ("apus", 1, "apus, one worker"),
                       ("nginx", 2, ""), ("nginx", 1, "nginx, one worker"),
                       ("canned", 2, ""), ("canned", 1, "canned, one worker"))),
             (Bar("apus, one worker", most=1.05), Bar("spread", most=1.3, metric="spread"))),
        Work("10,000 idle beside",
             (Column("apus", Setup(connections=12_000), tuple(file + ["--idle", "10000"])),
              Column("apus", Setup(connections=12_000), tuple(file), "apus, none idle"),
              Column("nginx", Setup(connections=12_000), tuple(file + ["--idle", "10000"]))),
             (Bar("apus, none idle", most=1.05),)),
    ]


def logged():
    """Returns the workload with the access log."""
    file = ("--path", "/1024")
    return [Work(
        "access log on",
        (Column("apus", Setup(log=True), file), Column("apus", Setup(), file, "apus, log off"),
         Column("nginx", Setup(log=True, cache=False), file, "nginx, default"),
         Column("nginx", Setup(log=True), file), Column("lighttpd", Setup(log=True), file)),
        (Bar("apus, log off", most=1.1), Bar("nginx, default", least=2.5)))]


def other_answers(site):
    """Returns workloads for 404, 304 and a range."""
    since = site.fields("since", "If-Modified-Since: Fri, 14 Feb 2020 13:14:15 GMT\r\n")
    part = site.fields("range", "Range: bytes=100-1123\r\n")
    return [
        Work("404", columns(["--path", "/none", "--status", "404"]) + (CANNED,), over(nginx=1.4)),
        Work("404, logged",
             columns(["--path", "/none", "--status", "404"], Setup(errors=True)),
             over(best=1.0), warm=0.5),
        Work("304", columns(["--path", "/1024", "--fields", since, "--status", "304"]) + (CANNED,),
             over(nginx=1.4)),
        Work("single range", columns(["--path", "/10240", "--fields", part, "--status", "206"]),
             over(nginx=1.4)),
    ]


def coded(site):
    """Returns workloads of compressed texts."""
    fields = ["--fields", site.fields("gzip", "Accept-Encoding: gzip\r\n")]
    works = []
    for name, least in (("10k.txt", 10), ("100k.txt", 60)):
        load = ["--path", "/" + name] + fields
        plain = Column("apus", Setup(), ("--path", f"/{name}.packed"), "apus, plain")
        works.append(Work(
            f"gzip of {name}",
            columns(load, Setup(gzip=True), ("nginx", "lighttpd")) + (plain, CANNED),
            over(nginx=least, lighttpd=1.0) + (Bar("apus, plain", most=1.2),), warm=1))
    return works


def large():
    """Returns workloads of large files, for clients that discard the bytes and that copy them."""
    works = []
    for label, size, seconds in (("100 KiB", 100 << 10, 0), ("1 MiB", 1 << 20, 1),
                                 ("10 MiB", 10 << 20, 2)):
        for way, options in (("", []), (", copied", ["--copy"])):
            works.append(Work(
                label + way, columns(["--path", f"/{size}"] + options),
                over(best=0.93) + (Bar("best", least=0.93, metric="rate"),), seconds=seconds))
    return works


def many(site):
    """Returns the workload with more files than cache entries."""
    setup = Setup(entries=10_000)
    # lighttpd keeps files open, and responds with 403 when its descriptors are used up.
    load = ["--paths", site.zipf(100_000)]
    return [Work("100,000 files, zipf", columns(load, setup, ("nginx", "h2o")),
                 over(nginx=1.3), warm=3)]
