"""What `./dev package` makes, and the service that runs it."""
import pathlib
import re
import subprocess

import pytest

from driver.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "pack" / "postlude.service"


def output(*command):
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def deb():
    output("./dev", "package")
    version = re.search(r"^  version: '(.*)',$", (ROOT / "meson.build").read_text(), re.MULTILINE)[1]
    return next((ROOT / "build").glob(f"postlude_{version}_*.deb"))


def test_its_files(deb):
    listed = {line.split()[5]: line.split()[0] for line in output("dpkg-deb", "-c", deb).splitlines()}
    assert listed["./usr/bin/postlude"] == "-rwxr-xr-x"
    assert listed["./etc/postlude/postlude.ini"] == "-rw-r-----", "it may hold a password"
    assert "./lib/systemd/system/postlude.service" in listed
    assert "./usr/share/doc/postlude/copyright" in listed


def test_it_depends_on_what_it_is_linked_to(deb):
    depends = output("dpkg-deb", "-f", deb, "Depends")
    for library in ("libc6 (>=", "libglib2.0-0 (>=", "libsqlite3-0 (>=", "libssl3 (>=", "libmicrohttpd12"):
        assert library in depends


def test_its_program_runs(deb, tmp_path):
    output("dpkg-deb", "-x", deb, tmp_path)
    assert re.search(r"\d+\.\d+\.\d+", output(tmp_path / "usr/bin/postlude", "version"))


def test_it_serves_with_its_settings(deb, tmp_path):
    output("dpkg-deb", "-x", deb, tmp_path)
    server = Server(options=["--config", str(tmp_path / "etc/postlude/postlude.ini")], control=False,
                    program=str(tmp_path / "usr/bin/postlude"))
    try:
        assert server.start().http("GET", "/health").status == 200
        server.stop()
        assert "postlude:" not in server.log(), "it complains of its settings"
    finally:
        server.close()


def unit_for_here(tmp_path, text=None):
    """The unit with a program that exists on this machine."""
    unit = tmp_path / "postlude.service"
    unit.write_text((text or UNIT.read_text()).replace("/usr/bin/postlude", "/usr/bin/true"))
    return unit


def test_systemd_takes_the_unit(tmp_path):
    assert output("systemd-analyze", "verify", unit_for_here(tmp_path)) == ""


def test_systemd_s_check_sees_a_wrong_unit(tmp_path):
    wrong = UNIT.read_text().replace("Restart=on-failure", "Restart=sometimes")
    assert "sometimes" in output("systemd-analyze", "verify", unit_for_here(tmp_path, wrong))


def test_the_unit_is_closed_tightly():
    said = output("systemd-analyze", "security", "--offline=true", UNIT)
    exposure = float(re.search(r"exposure level for postlude.service: ([\d.]+)", said)[1])
    assert exposure <= 1.5, said
