"""Configurations of the servers for a workload: each with its file cache, as its manual
recommends."""

import dataclasses
import os

import servers

# For apus and nginx.
NGINX = """
daemon off;
worker_processes {workers};
worker_rlimit_nofile {{descriptors}};
pid {{folder}}/{{name}}.pid;
error_log {{folder}}/{{name}}.error {level};
{{user}}
events {{{{ worker_connections {{connections}}; }}}}
http {{{{
    {log}
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_time 24h;
    keepalive_timeout 600s;
    default_type application/octet-stream;
    types {{{{ text/plain txt; }}}}
    log_not_found {errors};
    {cache}
    {gzip}
    {aio}
    server {{{{ listen 127.0.0.1:{{port}} backlog=4096; root {{root}}; }}}}
}}}}
"""

LIGHTTPD = """
server.bind = "127.0.0.1"
server.port = {{port}}
server.document-root = "{{root}}"
server.errorlog = "{{folder}}/{{name}}.error"
server.max-keep-alive-requests = 4294967295
server.max-keep-alive-idle = 600
server.max-fds = {{descriptors}}
server.max-connections = {{connections}}
server.stat-cache-engine = "simple"
server.modules = ({modules})
mimetype.assign = ( ".txt" => "text/plain", "" => "application/octet-stream" )
{extra}
"""

DEFLATE = """
deflate.mimetypes = ( "text/plain" )
deflate.allowed-encodings = ( "gzip" )
deflate.cache-dir = "{{folder}}/{{name}}-deflate"
"""


@dataclasses.dataclass(frozen=True)
class Setup:
    """The parts of a configuration that depend on the workload."""

    log: bool = False
    errors: bool = False
    cache: bool = True
    gzip: bool = False
    aio: bool = False
    workers: int = 1
    entries: int = 1000
    cores: str = "0"
    connections: int = 2048

    def _nginx(self):
        cache = (f"open_file_cache max={self.entries} inactive=60s; open_file_cache_valid 60s; "
                 "open_file_cache_min_uses 1; open_file_cache_errors on;")
        return NGINX.format(
            workers=self.workers,
            level="error" if self.errors else "crit",
            errors="on" if self.errors else "off",
            log="access_log {folder}/{name}.log combined;" if self.log else "access_log off;",
            cache=cache if self.cache else "",
            aio="aio threads;" if self.aio else "",
            gzip="gzip on; gzip_types text/plain; gzip_min_length 256;" if self.gzip else "")

    def _lighttpd(self):
        modules, extra = [], ""
        if self.log:
            modules.append("mod_accesslog")
            extra += 'accesslog.filename = "{{folder}}/{{name}}.log"\n'
        if self.gzip:
            modules.append("mod_deflate")
            extra += DEFLATE
        return LIGHTTPD.format(modules=", ".join(f'"{name}"' for name in modules),
                               extra=extra.replace("{{", "{").replace("}}", "}"))

    def start(self, name, binary, place):
        """Starts the server."""
        text = None
        if name in ("apus", "nginx"):
            text = self._nginx()
        elif name == "lighttpd":
            text = self._lighttpd()
            os.makedirs(f"{place.folder}/lighttpd-deflate", exist_ok=True)
        return servers.Server(name, binary, place, connections=self.connections, core=self.cores,
                              text=text, files=self.entries, workers=self.workers)
