"""The results of `make bench-bars` as JSON, and the plot and tables made from them.

    results.py     writes docs/performance.svg, and the tables of docs/performance.md and README.md,
                   from results.json
"""

import json
import math
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
FILE = os.path.join(HERE, "results.json")
COLUMNS = ["apus", "canned", "nginx", "lighttpd", "h2o"]
PEERS = [("nginx", "#1a7f37"), ("lighttpd", "#9a6700"), ("h2o", "#8250df")]
SHORT = ["1 KiB keep-alive", "16 pipelined", "access log on", "gzip of 10 KiB", "1 MiB"]

STYLE = """<style>
text { fill: #1f2328 } .small { fill: #59636e } .grid { stroke: #d1d9e0 } .one { stroke: #59636e }
@media (prefers-color-scheme: dark) {
.grid { stroke: #3d444d } .one { stroke: #9198a1 } text { fill: #f0f6fc } .small { fill: #9198a1 }
circle { filter: brightness(1.4) } }
</style>"""


def row(name, results, peers):
    """Returns a row of results.json from the medians and ratios of a workload."""
    cpu = {column: round(results.median(column), 1)
           for column in COLUMNS if column in results.rounds}
    made = {"name": name, "cpu": cpu}
    others = [peer for peer in peers if peer in results.rounds]
    if "apus" in cpu and "nginx" in cpu:
        made["nginx"] = round(results.ratio("nginx", "apus", "cpu"), 2)
    if "apus" in cpu and others:
        best = min(others, key=results.median)
        made["best"] = round(results.ratio(best, "apus", "cpu"), 2)
    return made


def save(path, data):
    """Writes results, one row per line."""
    rows = data.pop("rows")
    text = json.dumps(data, indent=2)[:-2]
    lines = ",\n".join("    " + json.dumps(one) for one in rows)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'{text},\n  "rows": [\n{lines}\n  ]\n}}\n')


def ratio(one, peer):
    """Returns the CPU time of a peer as a multiple of that of apus: the median of the rounds if
    it is known, otherwise the ratio of the medians."""
    if peer not in one["cpu"]:
        return None
    return one.get(peer) or one["cpu"][peer] / one["cpu"]["apus"]


def plot(data):
    """Returns a plot of the ratio of each peer in each row, on a logarithmic axis."""
    rows = data["rows"]
    height = 76 + 24 * len(rows)

    def x(value):
        # From 0.5 to 100 times.
        return 190 + (math.log10(value) - math.log10(0.5)) / math.log10(200) * 540

    title = "CPU time of a request, as a multiple of apus's"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height + 34}" role="img" '
           'font-family="ui-sans-serif, system-ui, sans-serif" font-size="13">',
           f"<title>{title}</title>", STYLE,
           f'<text x="20" y="24" font-weight="600">{title}</text>']
    for place, (peer, colour) in enumerate(PEERS):
        left = 420 + 110 * place
        out.append(f'<circle cx="{left}" cy="20" r="5" fill="{colour}"/>'
                   f'<text x="{left + 10}" y="24">{peer}</text>')
    for value in [0.5, 1, 2, 5, 10, 20, 50, 100]:
        kind = "one" if value == 1 else "grid"
        out.append(f'<path class="{kind}" d="M{x(value):.0f} 46V{height - 6}"/>'
                   f'<text class="small" x="{x(value):.0f}" y="{height + 12}" '
                   f'text-anchor="middle">{value:g}x</text>')
    for index, one in enumerate(rows):
        y = 64 + 24 * index
        out.append(f'<text x="20" y="{y + 4}">{one["name"]}</text>')
        for peer, colour in PEERS:
            value = ratio(one, peer)
            if value:
                out.append(f'<circle cx="{x(value):.1f}" cy="{y}" r="5" fill="{colour}" '
                           f'fill-opacity=".85"><title>{peer}: {value:.2f}</title></circle>')
    out.append(f'<text class="small" x="190" y="{height + 30}">right of 1x: apus is cheaper</text>')
    return "\n".join(out + ["</svg>", ""])


def cells(one):
    costs = [f'{one["cpu"][name]:,.1f}' if name in one["cpu"] else "" for name in COLUMNS]
    ratios = [f"{one[name]:.2f}" if name in one else "" for name in ("nginx", "best")]
    return costs + ratios


def table(data):
    """Returns all rows as a table: microseconds and ratios."""
    lines = ["| workload | apus | canned | nginx | lighttpd | h2o | nginx / apus | best peer / apus |",
             "|---|---:|---:|---:|---:|---:|---:|---:|"]
    lines += [f'| {one["name"]} | {" | ".join(cells(one))} |' for one in data["rows"]]
    return "\n".join(lines)


def short_table(data):
    """Returns a few rows as a table of multiples of the CPU time of apus."""
    lines = ["| CPU time of a request | apus | nginx | lighttpd | h2o |", "|---|---:|---:|---:|---:|"]
    for one in data["rows"]:
        if one["name"] in SHORT:
            found = [ratio(one, peer) for peer, _ in PEERS]
            texts = [f"{value:.1f}" if value else "" for value in found]
            lines.append(f'| {one["name"]} | 1 | {" | ".join(texts)} |')
    return "\n".join(lines)


def replace(path, text):
    """Replaces the text between the two markers of a page."""
    path = os.path.join(ROOT, path)
    with open(path, encoding="utf-8") as file:
        page = file.read()
    begin, end = "<!-- results.json -->\n", "<!-- end -->"
    made, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}{text}\n{end}", page, flags=re.S)
    if count != 1:
        raise SystemExit(f"{path}: one pair of markers is needed, there are {count}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(made)


def main():
    with open(FILE, encoding="utf-8") as file:
        data = json.load(file)
    with open(os.path.join(ROOT, "docs", "performance.svg"), "w", encoding="utf-8") as file:
        file.write(plot(data))
    replace("docs/performance.md", table(data))
    replace("README.md", short_table(data))


if __name__ == "__main__":
    main()
