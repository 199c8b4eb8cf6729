"""A PostgreSQL of one's own: made in a scratch folder, reached by a unix socket, gone at the end."""
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

HOMES = pathlib.Path("/usr/lib/postgresql")
ACCOUNT = "postgres"


def newest_bin():
    """The folder of initdb and pg_ctl of the newest version that Debian has installed, or None."""
    found = [path for path in HOMES.glob("*/bin") if (path / "initdb").exists()]
    return max(found, key=lambda path: float(path.parent.name), default=None)


class Cluster:
    """with Cluster() as cluster: cluster.run(SQL)"""

    def __enter__(self):
        self.bin = newest_bin()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="postlude-pg-"))
        if os.geteuid() == 0:
            # PostgreSQL refuses to be root.
            shutil.chown(self.folder, ACCOUNT)
        self.command("initdb", "-D", self.folder / "data", "-A", "trust", "-U", ACCOUNT, "-E", "UTF8",
                     "--locale=C", "--no-sync", "--no-instructions")
        self.command("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w", "-s", "-o",
                     f"-k {self.folder} -c listen_addresses= -c fsync=off -c shared_buffers=16MB", "start")
        return self

    def __exit__(self, *_):
        self.command("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-s", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, name, *arguments, check=True):
        account = {"user": ACCOUNT, "group": pwd.getpwnam(ACCOUNT).pw_gid,
                   "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run([self.bin / name, *arguments], cwd=self.folder, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **account)
        if check and done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}")

    def run(self, script, database="postgres", stop=False):
        """psql's output for a script. stop: the first error raises, with psql's words."""
        done = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-U", ACCOUNT, "-d", database,
                               "-v", f"ON_ERROR_STOP={int(stop)}"], input=script, text=True, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if stop and done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    def prepare(self, statements, database):
        """{name: PostgreSQL's complaint or ""} of {name: statement}, each prepared on its own."""
        script = "".join(
            f"PREPARE q{number} AS {statement};\n\\echo {name} :SQLSTATE :LAST_ERROR_MESSAGE\n"
            f"\\set LAST_ERROR_MESSAGE ''\n"
            for number, (name, statement) in enumerate(statements.items()))
        ret = {}
        for line in self.run(script, database).splitlines():
            name, state, said = (line.split(" ", 2) + [""])[:3]
            ret[name] = "" if state == "00000" else f"{said} ({state})"
        return ret
