"""On what the figures were made: hardware, system, versions; and whether the machine was quiet."""

import os
import pathlib
import platform
import re
import subprocess


def first_line(*command):
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout.strip().splitlines()[0] if done.stdout.strip() else None


def processor():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^model name\s*:\s*(.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def file_system(folder):
    """Kind of the file system under a folder: ext4, tmpfs ..."""
    return first_line("stat", "-f", "-c", "%T", str(folder)) or "unknown"


def describe(folder):
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_bytes": memory_bytes(),
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "load_before": os.getloadavg()[0],
    }


def versions(root, binary):
    return {
        "postlude": first_line(str(binary), "version"),
        "commit": first_line("git", "-C", str(root), "describe", "--always", "--dirty"),
        "node": first_line("node", "--version"),
        "nginx": first_line("/usr/sbin/nginx", "-v"),
        "redis": first_line("redis-server", "--version"),
        "postfix": first_line("dpkg-query", "-W", "-f", "${Version}", "postfix"),
        "sqlite": first_line("dpkg-query", "-W", "-f", "${Version}", "libsqlite3-0"),
        "microhttpd": first_line("dpkg-query", "-W", "-f", "${Version}", "libmicrohttpd12"),
    }
