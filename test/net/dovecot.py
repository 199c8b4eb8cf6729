"""dovecot.py - Dovecot on loopback, for a test: a real IMAP server with one user.

    with Mailbox(folder, certificates) as box:   # .imap, .imaps: ports; .user, .secret
        box.put(b"mail"), box.put(b"mail", "Other.Folder"), box.renumber()

Needs Debian's dovecot-imapd and root (Dovecot changes to a user of its own for each login). Its folder is not one of pytest's: each
session of pytest that begins takes the rights of others away from all of those.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
auth_verbose = yes
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
ssl_dh =
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:{folder}/mail
mailbox_list_index = no
{more}
passdb {{
  driver = static
  args = password={secret}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


def missing():
    """Why it cannot run here; None when it can."""
    if not shutil.which("dovecot") and not pathlib.Path("/usr/sbin/dovecot").exists():
        return "dovecot-imapd is not installed"
    return None if os.geteuid() == 0 else "needs root"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class Mailbox:
    user, secret = "ana", "geheim"

    def __init__(self, certificates, certificate="right", more=""):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postlude-dovecot-"))
        self.folder.chmod(0o711)
        self.imap, self.imaps, self.number = free_port(), free_port(), 0
        mail = self.folder / "mail"
        for one in (mail / "new", mail / "cur", mail / "tmp", self.folder / "run"):
            one.mkdir(parents=True, exist_ok=True)
        self.uid, self.gid = 8, 8  # mail, on every Debian
        config = self.folder / "dovecot.conf"
        config.write_text(CONFIG.format(folder=self.folder, certificate=certificates / f"{certificate}.pem", uid=self.uid,
                                        gid=self.gid, key=certificates / f"{certificate}.key", imap=self.imap,
                                        imaps=self.imaps, secret=self.secret, more=more))
        self._own()
        self._start()

    def _start(self):
        config = self.folder / "dovecot.conf"
        self.process = subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", str(config)], stderr=subprocess.PIPE)

    def _own(self):
        for path in [self.folder / "mail", *(self.folder / "mail").rglob("*")]:
            os.chown(path, self.uid, self.gid)

    def __enter__(self):
        try:
            self._await()
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def _await(self):
        for _ in range(200):
            try:
                with socket.create_connection(("127.0.0.1", self.imap), timeout=5) as one:
                    if one.recv(100).startswith(b"* OK"):
                        return
            except OSError:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError(f"dovecot did not start: {self.process.stderr.read().decode()}")

    def __exit__(self, kind=None, *_):
        self.process.terminate()
        self.process.wait(20)
        if kind:
            print((self.folder / "log").read_text())
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name=""):
        return self.folder / "mail" / (f".{name}" if name else "")

    def put(self, mail, name=""):
        """A mail arrives."""
        folder = self.path(name)
        if not folder.exists():
            for one in ("new", "cur", "tmp"):
                (folder / one).mkdir(parents=True)
            self._own()
        self._write(folder / "new" / self._stem(), mail)

    def put_many(self, mails):
        """(mail, flags) of mails that have been looked at before."""
        for mail, flags in mails:
            self._write(self.path() / "cur" / f"{self._stem()}:2,{flags}", mail)

    def _stem(self):
        self.number += 1
        return f"{1_700_000_000 + self.number}.M{self.number}.test"

    def _write(self, path, mail):
        begun = self.path() / "tmp" / path.name
        begun.write_bytes(mail)
        os.chown(begun, self.uid, self.gid)
        begun.rename(path)

    def mails(self, name=""):
        """Flags and bytes of all mails in a folder."""
        found = []
        for path in sorted([*self.path(name).glob("new/*"), *self.path(name).glob("cur/*")]):
            found.append((path.name.partition(":2,")[2], path.read_bytes()))
        return found

    def renumber(self):
        """The mailbox gets another UIDVALIDITY, as after it was restored from a copy; connections break."""
        self.process.terminate()
        self.process.wait(20)
        for path in self.path().glob("dovecot*"):
            if path.is_file():
                path.unlink()
        time.sleep(1.1)  # it is the second of the clock
        self._start()
        self._await()
