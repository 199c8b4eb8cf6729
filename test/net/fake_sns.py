"""fake_sns.py - Amazon SNS on loopback: signs as it does, gives its certificates out, and confirms subscriptions.

    with FakeSns(folder) as sns:
        server.control(sns.detour)               # the server asks here instead of at sns.eu-west-1.amazonaws.com
        body = sns.sign(sns.envelope("hello"))   # or envelope(..., Type="SubscriptionConfirmation")
        sns.asked                                # (host, path) of what it was asked for

Certificates as Amazon has them: a leaf alone, issued by an authority in the middle, whose own certificate lies where the leaf
says (AIA), issued by a root. Loopback only; everything ends with the `with`.
"""

import base64
import datetime
import json
import ssl
import subprocess
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
HOST = "sns.eu-west-1.amazonaws.com"
ISSUER_HOST = "crt.r2m01.amazontrust.com"
PROVIDER = Path(__file__).resolve().parents[1] / "plug" / "inbound" / "provider"


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, check=True, capture_output=True).stdout


class FakeSns:
    def __init__(self, folder):
        self.folder, self.asked, self.confirm_status, self.over = Path(folder), [], 200, threading.Event()
        self.files = {}  # path -> bytes, or a status, "hang"
        if not (self.folder / "root.pem").exists():
            make_authorities(self.folder)
        self.leaf("sns", "DNS:sns.amazonaws.com")
        self.issue("tls", f"DNS:{HOST}")
        self.serve("SimpleNotificationService-aa", "sns")
        self.https, self.http = self._listen(True), self._listen(False)

    # ---- certificates ------------------------------------------------------------------------------

    def issue(self, name, names, days=30, authority="middle", aia=None, more=""):
        """A key NAME.key and a certificate NAME.pem; what is in the folder already stays."""
        folder = self.folder
        if (folder / f"{name}.pem").exists():
            return
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", folder / f"{name}.key", "-out",
                folder / f"{name}.csr")
        aia = f"authorityInfoAccess=caIssuers;URI:{aia}\n" if aia else ""
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\n{aia}basicConstraints=CA:FALSE\n{more}")
        openssl("x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / f"{authority}.pem", "-CAkey",
                folder / f"{authority}.key", "-days", days, "-extfile", folder / f"{name}.ext", "-out",
                folder / f"{name}.pem")

    def leaf(self, name, names, **more):
        self.issue(name, names, aia=more.pop("aia", f"http://{ISSUER_HOST}/r2m01.cer"), **more)

    def serve(self, path, name):
        self.files[f"/{path}.pem"] = (self.folder / f"{name}.pem").read_bytes()

    # ---- what it sends -----------------------------------------------------------------------------

    def envelope(self, message="hello", **more):
        """A message of the topic; `message` may be the name of a case of SES's."""
        case = PROVIDER / f"ses_{message}.json"
        if case.exists():
            message = case.read_text()
        now = datetime.datetime.now(datetime.timezone.utc)
        made = {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": TOPIC, "Message": message,
                "Timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": "1",
                "SigningCertURL": f"https://{HOST}/SimpleNotificationService-aa.pem"}
        if more.get("Type", "Notification") != "Notification":
            made["Token"] = "2336412f37"
            made["SubscribeURL"] = f"https://{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"
        return {**made, **more}

    def sign(self, envelope, key="sns"):
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        if envelope["Type"] != "Notification":
            names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
        digest = "-sha1" if envelope["SignatureVersion"] == "1" else "-sha256"
        signature = openssl("dgst", digest, "-sign", self.folder / f"{key}.key", data=text.encode())
        return json.dumps({**envelope, "Signature": base64.b64encode(signature).decode()})

    # ---- where it is asked -------------------------------------------------------------------------

    @property
    def detour(self):
        return (f"signers 127.0.0.1:{self.https.server_port} 127.0.0.1:{self.http.server_port} "
                f"{self.folder / 'root.pem'}")

    def _answer(self, request):
        host = request.headers["Host"]
        self.asked.append((host, request.path))
        found = self.files.get(request.path, 404)
        if request.path.startswith("/?Action=ConfirmSubscription&"):
            found = b"<ConfirmSubscriptionResponse/>" if self.confirm_status == 200 else self.confirm_status
        if request.path == "/r2m01.cer":
            found = (self.folder / "middle.cer").read_bytes()
        if found == "hang":
            self.over.wait(60)
            return
        request.send_response(found if isinstance(found, int) else 200)
        if found in (301, 302):
            request.send_header("Location", f"https://{HOST}/SimpleNotificationService-aa.pem")
        body = b"" if isinstance(found, int) else found
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _listen(self, secure):
        sns = self

        class Desk(BaseHTTPRequestHandler):
            def do_GET(self):
                sns._answer(self)

            def log_message(self, *_):
                pass

        listener = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        listener.daemon_threads = True
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            chain = self.folder / "tls.chain"
            chain.write_bytes((self.folder / "tls.pem").read_bytes() + (self.folder / "middle.pem").read_bytes())
            context.load_cert_chain(chain, self.folder / "tls.key")
            listener.socket = context.wrap_socket(listener.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        return listener

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        for listener in (self.https, self.http):
            listener.shutdown()
            listener.server_close()


def make_authorities(folder):
    """root, which the server is told to trust; middle, which the root signed; stranger, which nobody did."""
    for name in ("root", "stranger"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "60", "-subj", f"/CN=Test {name}", "-keyout",
                folder / f"{name}.key", "-out", folder / f"{name}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test middle", "-keyout", folder / "middle.key", "-out",
            folder / "middle.csr")
    (folder / "middle.ext").write_text("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n")
    openssl("x509", "-req", "-in", folder / "middle.csr", "-CA", folder / "root.pem", "-CAkey", folder / "root.key", "-days",
            "60", "-extfile", folder / "middle.ext", "-out", folder / "middle.pem")
    openssl("x509", "-in", folder / "middle.pem", "-outform", "DER", "-out", folder / "middle.cer")
