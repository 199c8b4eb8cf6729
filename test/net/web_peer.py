"""web_peer.py - a web server that answers as its path says, and badly where it is asked to.

    with WebPeer() as peer:      # .port, .asked: what came, as (method, path, headers as a dict, body, connection)
        GET /ok /big/BYTES /status/CODE[?Header=value&...] /hang /drip /reset /half /nothing /garbage /headers
            /redirect/URL (percent-encoded) /circle /gzip /bomb /chunked /late/SECONDS /interim /headline

Loopback only, a thread for each connection; everything ends with the `with`.
"""

import gzip
import socket
import ssl
import struct
import threading
import time
import urllib.parse

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Word: one\r\n\r\nhello"


class WebPeer:
    def __init__(self, certificate=None, host="127.0.0.1"):
        self.asked, self.connections, self.over = [], 0, threading.Event()
        self.most, self.now = 0, 0
        self.lock = threading.Lock()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port = self.listener.getsockname()[1]
        self.sockets = set()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.listener.close()
        for one in list(self.sockets):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, path, scheme=None, host="127.0.0.1"):
        return f"{scheme or ('https' if self.context else 'http')}://{host}:{self.port}{path}"

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain):
        self.sockets.add(plain)
        with self.lock:
            self.connections += 1
            self.now += 1
            self.most = max(self.most, self.now)
            number = self.connections
        try:
            connection = self.context.wrap_socket(plain, server_side=True) if self.context else plain
            with connection:
                file = connection.makefile("rb")
                while self._answer(connection, file, number):
                    pass
        except OSError:
            pass
        finally:
            plain.close()
            self.sockets.discard(plain)
            with self.lock:
                self.now -= 1

    def _answer(self, connection, file, number):
        line = file.readline().decode("latin-1")
        if not line:
            return False
        if line.count(" ") < 2:
            return False  # not even HTTP
        method, path, _ = line.split(" ", 2)
        headers = {}
        while (line := file.readline().decode("latin-1")) not in ("\r\n", ""):
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        self.asked.append((method, path, headers, body, number))
        word, _, rest = path[1:].partition("/")
        word, _, query = word.partition("?")
        return getattr(self, "_do_" + word, self._do_nothing)(connection, rest or query, method)

    # -- what it may do: true where the connection stays

    def _do_ok(self, connection, _, method):
        connection.sendall(FINE if method != "HEAD" else FINE[:-5])
        return True

    def _do_once(self, connection, *_):
        """One answer; the next request on this connection is read and the connection broken."""
        connection.sendall(FINE)
        connection.recv(10000)
        return False

    def _do_big(self, connection, rest, _):
        left = int(rest)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {left}\r\n\r\n".encode())
        while left > 0:
            left -= connection.send(b"x" * min(left, 65536))
        return True

    def _do_endless(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.over.is_set():
            connection.sendall(b"x" * 65536)

    def _do_status(self, connection, rest, _):
        code, _, query = rest.partition("?")
        lines = "".join(f"{name}: {value}\r\n" for name, value in urllib.parse.parse_qsl(query))
        connection.sendall(f"HTTP/1.1 {code} Thus\r\n{lines}Content-Length: 6\r\n\r\nsecret".encode())
        return True

    def _do_hang(self, *_):
        self.over.wait(60)

    def _do_drip(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not self.over.wait(0.05):
            connection.sendall(b"x")

    def _do_slowhead(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Y: ")
        while not self.over.wait(0.05):
            connection.sendall(b"z")

    def _do_reset(self, connection, *_):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def _do_half(self, connection, *_):
        connection.sendall(FINE[:-2])
        return False

    def _do_nothing(self, *_):
        return False

    def _do_garbage(self, connection, *_):
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\x00\x01\x02\r\n\r\n")
        return False

    def _do_headers(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self.over.is_set():
            connection.sendall(b"X-Y: " + b"z" * 1000 + b"\r\n")

    def _do_headline(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Y: ")
        while not self.over.is_set():
            connection.sendall(b"z" * 65536)

    def _do_interim(self, connection, *_):
        while not self.over.is_set():
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 50)

    def _do_redirect(self, connection, rest, _):
        code, _, url = rest.partition("/")
        where = urllib.parse.unquote(url)
        connection.sendall(f"HTTP/1.1 {code} Go\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode())
        return True

    def _do_circle(self, connection, *_):
        connection.sendall(b"HTTP/1.1 302 Go\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n")
        return True

    def _do_gzip(self, connection, *_):
        packed = gzip.compress(b"hello " * 1000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(packed), packed))
        return True

    def _do_broken(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello")
        return True

    def _do_bomb(self, connection, *_):
        packed = gzip.compress(b"\0" * 100_000_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                           b"Content-Length: %d\r\n\r\n%s" % (len(packed), packed))
        return True

    def _do_chunked(self, connection, *_):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n")
        return True

    def _do_late(self, connection, rest, _):
        time.sleep(float(rest))
        connection.sendall(FINE)
        return True
