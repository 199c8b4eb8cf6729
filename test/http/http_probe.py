"""The probes of this folder, which lie beside the binary that $POSTLUDE names, and a raw client."""
import os
import pathlib
import re
import signal
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("POSTLUDE", ROOT / "build" / "postlude")).resolve().parent


def probe_path(name):
    path = BUILD / "test" / "http" / name
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return str(path)


class Answer:
    """One HTTP answer: status, headers (lower-case names, a list for each), body."""

    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def header(self, name):
        return ", ".join(self.headers.get(name.lower(), []))


class Client:
    """A raw connection: what libraries would hide is what is tested here."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def request(self, method, target, headers=(), body=b"", length=True):
        lines = [f"{method} {target} HTTP/1.1", "Host: probe", *headers]
        if length and (body or method == "POST"):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def answer(self, head=False):
        """Reads one answer; None at the end of the connection."""
        first = self.file.readline()
        if not first:
            return None
        status = int(re.match(rb"HTTP/1\.1 (\d+)", first).group(1))
        headers = {}
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            headers.setdefault(name.lower(), []).append(value.strip())
        length = int(headers.get("content-length", ["0"])[0])
        return Answer(status, headers, self.file.read(0 if head or status == 304 else length))

    def ask(self, method, target, headers=(), body=b""):
        self.request(method, target, headers, body)
        return self.answer(head=method == "HEAD")

    def is_closed(self):
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


class Probe:
    def __init__(self, *options, listen="127.0.0.1:0"):
        self.process = subprocess.Popen([probe_path("http_probe"), listen, *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stopped = False
        line = self.process.stdout.readline()
        self.port = int(line.split()[1]) if line.startswith("port") else None

    def client(self, timeout=10):
        return Client(self.port, timeout)

    def ask(self, method, target, headers=(), body=b""):
        with self.client() as client:
            return client.ask(method, target, headers, body)

    def stop(self, timeout=15):
        """Ends it; fails when it crashed or a sanitizer had something to say."""
        self.stopped = True
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=timeout)
        assert self.process.returncode == 0, err
        return out, err
