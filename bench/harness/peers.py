"""The other sides: what a good developer would take instead, tuned as the manuals say."""

import json
import pathlib
import re
import subprocess
import urllib.request

from .load import SECRET
from .process import BenchError, Process, free_port, port_open
from .tools import BENCH

PEER = BENCH / "peer"
NODE_AT_LEAST = 20


def node_modules():
    """Installs the pinned packages once (npm ci), and again when the lock file is newer."""
    said = subprocess.run(
        ["node", "--version"], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    if int(re.match(r"v(\d+)", said)[1]) < NODE_AT_LEAST:
        raise BenchError(f"the peers need Node {NODE_AT_LEAST} or newer, this is {said.strip()}")
    mark, lock = PEER / "node_modules" / ".package-lock.json", PEER / "package-lock.json"
    if not mark.exists() or mark.stat().st_mtime < lock.stat().st_mtime:
        done = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"],
            cwd=PEER,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"npm ci: {done.stdout[-2000:]}")
        mark.touch()


def node(script, log, **environment):
    node_modules()
    return Process(
        ["node", PEER / script], log, {"NODE_ENV": "production", "SECRET": SECRET, **environment}
    )


def count_get(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=60) as answer:
        return json.load(answer)


class Stack:
    """Several processes that belong together; stopped in the reverse order of their start."""

    def __init__(self):
        self.processes = []

    def add(self, process):
        self.processes.append(process)
        return process

    def pids(self):
        return [pid for process in self.processes for pid in process.pids()]

    def check(self):
        for process in self.processes:
            process.check()

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for process in reversed(self.processes):
            process.__exit__(*failure)


class FastifyIntake(Stack):
    """Fastify + better-sqlite3, WAL, synchronous=FULL. group: one transaction for all that wait."""

    def __init__(self, folder, group=False):
        super().__init__()
        environment = {"DATA": str(folder), **({"GROUP": "1"} if group else {})}
        self.server = self.add(node("intake_fastify.mjs", folder / "fastify.log", **environment))
        self.port = self.server.wait_port()

    def counts_check(self, acknowledged):
        rows = count_get(self.port)["count"]
        if rows != acknowledged:
            raise BenchError(f"fastify acknowledged {acknowledged} orders and holds {rows}")


class BullmqPipeline(Stack):
    """Fastify -> BullMQ on Redis -> liquidjs -> nodemailer's pool; each a process of its own."""

    def __init__(self, folder, sink_port, fsync="everysec", workers=1, dkim_key=None):
        super().__init__()
        redis_port = free_port()
        redis = self.add(
            Process(
                [
                    "redis-server",
                    "--port",
                    redis_port,
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    folder,
                    "--save",
                    "",
                    "--appendonly",
                    "yes",
                    "--appendfsync",
                    fsync,
                    "--maxmemory-policy",
                    "noeviction",
                ],
                folder / "redis.log",
            )
        )
        redis.wait(lambda: port_open(redis_port), 20, "to listen")
        environment = {"REDIS_PORT": str(redis_port), "SMTP_PORT": str(sink_port)}
        if dkim_key:
            environment["DKIM_KEY"] = str(dkim_key)
        for number in range(workers):
            self.add(
                node("pipeline_worker.mjs", folder / f"worker-{number}.log", **environment)
            ).wait_port()
        web = self.add(node("pipeline_web.mjs", folder / "web.log", **environment))
        self.port = web.wait_port()

    def counts_check(self):
        counts = count_get(self.port)
        left = {state: count for state, count in counts.items() if count and state != "completed"}
        if left:
            raise BenchError(f"bullmq has jobs left: {left}")


NGINX = """\
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr warn;
daemon off;
{user}
events {{ worker_connections 1024; multi_accept on; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 65;
    keepalive_requests 100000000;
    open_file_cache max=20000 inactive=600s;
    open_file_cache_valid 600s;
    default_type "text/html; charset=utf-8";
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }}
}}
"""


class NginxPages(Stack):
    """nginx that serves files, every file's handle kept open (open_file_cache)."""

    def __init__(self, folder, root):
        super().__init__()
        self.port = free_port()
        config = pathlib.Path(folder) / "nginx.conf"
        user = "user root;" if pathlib.Path("/proc/self").stat().st_uid == 0 else ""
        config.write_text(
            NGINX.format(folder=folder, root=root, port=self.port, user=user), encoding="utf-8"
        )
        server = self.add(
            Process(
                ["/usr/sbin/nginx", "-p", folder, "-e", "stderr", "-c", config],
                folder / "nginx.log",
            )
        )
        server.wait(lambda: port_open(self.port), 10, "to listen")
