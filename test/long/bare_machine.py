"""A bare Debian 12 in a folder: only what debootstrap calls minimal, and what apt may reach.

Needs root and debootstrap. Every command runs in namespaces of its own (mounts, processes), so that
nothing stays mounted or running when it ends, however it ends.
"""
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
RELEASE = "bookworm"
KEEP_SECONDS = 7 * 24 * 3600  # the packed base; it costs a minute to make
HOME = "/srv/owner"

# $1 the machine, $2 what it may read of ours, then the command. The shell stays: as the first process of
# its namespace it would not hear Ctrl-C, its child does.
ENTER = """
mount --make-rprivate /
mount -t proc proc "$1/proc"
mount --bind /dev/pts "$1/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
if [ -d "$1/shared" ]; then
    mount --bind "$2" "$1/shared"
    mount -o remount,ro,bind "$1/shared"
fi
root=$1
shift 2
status=0
chroot "$root" "$@" || status=$?
exit $status
"""


def sources():
    """Debian's archives as this machine's apt is set up to reach them: [(uri, release, component)]."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)",
         "Created-By: Packages"], text=True, stdout=subprocess.PIPE, check=True).stdout
    rows = [line.split("|") for line in listed.splitlines()]
    return [tuple(row[:3]) for row in rows if row[3] == "Debian" and row[1].startswith(RELEASE)]


def base():
    """A packed bare system, made where there is none yet."""
    packed = ROOT / "build-chroot" / f"{RELEASE}.tar"
    if packed.exists() and time.time() - packed.stat().st_mtime < KEEP_SECONDS:
        return packed
    folder = packed.parent / "base"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mirror = next(uri for uri, release, _ in sources() if release == RELEASE)
    subprocess.run(["debootstrap", "--variant=minbase", RELEASE, folder, mirror], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["tar", "-C", folder, "-cf", packed, "."], check=True)
    shutil.rmtree(folder)
    return packed


class BareMachine:
    """with BareMachine("owner") as machine: machine.run("./dev test", seconds=300)

    Its checkout is a clone of what is committed, in HOME/postlude. As "owner" everything runs as a user
    with sudo who has nothing else; as "root" the real data lies beside it where this machine has it."""

    def __init__(self, user):
        self.user = user
        self.folder = None
        self.checkout = f"{HOME}/postlude"

    def __enter__(self):
        packed = base()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"bare-{self.user}-", dir=packed.parent))
        subprocess.run(["tar", "-C", self.folder, "-xf", packed], check=True)
        self.folder.chmod(0o755)
        self.set_up_apt()
        self.as_root("useradd --create-home --home-dir " + HOME + " owner")
        if self.user == "owner":
            self.as_root("export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && "
                         "apt-get -qq install --no-install-recommends sudo >/dev/null 2>&1")
            sudoers = self.folder / "etc/sudoers.d/owner"
            sudoers.write_text("owner ALL=(ALL) NOPASSWD: ALL\n")
            sudoers.chmod(0o440)
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", ROOT, self.inside(self.checkout)], check=True)
        if self.user == "root" and SHARED.is_dir():
            (self.folder / "shared").mkdir()
            self.inside(f"{HOME}/shared").symlink_to("/shared")
        self.set_up_npm()
        self.as_root(f"chown -hR {self.user}: {HOME}")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def inside(self, path):
        return self.folder / path.lstrip("/")

    def set_up_apt(self):
        """The same archives and the same way to them as here."""
        rows = [f"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {uri} {release} {component}\n"
                for uri, release, component in sources()]
        self.inside("/etc/apt/sources.list").write_text("".join(rows))
        dump = subprocess.run(["apt-config", "dump"], text=True, stdout=subprocess.PIPE, check=True).stdout
        ways = re.findall(r"^Acquire::(?:http|https|Check|Retries|Force).*$", dump, re.MULTILINE)
        self.inside("/etc/apt/apt.conf.d/90way").write_text("\n".join(ways) + "\n")
        for name in ("resolv.conf", "hosts"):
            shutil.copy(f"/etc/{name}", self.inside(f"/etc/{name}"))

    def set_up_npm(self):
        """The same registry, and the same authorities to trust on the way to it."""
        asked = subprocess.run(["npm", "config", "get", "registry", "cafile"], text=True, cwd="/", check=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        settings = [line for line in asked.splitlines() if not line.endswith("=null")]
        authorities = self.inside("/etc/ssl/registry.crt")
        for place, line in enumerate(settings):
            if line.startswith("cafile="):
                authorities.parent.mkdir(exist_ok=True)
                shutil.copy(line.removeprefix("cafile="), authorities)
                settings[place] = "cafile=/etc/ssl/registry.crt"
        for home in (HOME, "/root"):
            self.inside(f"{home}/.npmrc").write_text("\n".join(settings) + "\n")

    def command(self, script, user):
        """The words that run a shell script in the machine as that user."""
        home = HOME if user == "owner" else "/root"
        return ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-eu", "-c",
                ENTER, "sh", str(self.folder), str(SHARED),
                "/usr/bin/env", "-i", f"HOME={home}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
                "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "sh", "-c", script]

    def start(self, script):
        """Starts a script in the checkout; the caller waits and ends it (a session of its own)."""
        return subprocess.Popen(self.command(f"cd {self.checkout} && {script}", self.user),
                                text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)

    def run(self, script, seconds):
        """(exit status, output) of a script in the checkout, which has so many seconds."""
        with self.start(script) as process:
            try:
                said, _ = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
                said += f"\nstill running after {seconds} s"
        return process.returncode, said

    def as_root(self, script):
        subprocess.run(self.command(script, "root"), check=True, stdin=subprocess.DEVNULL, timeout=600)
