"""The C programs of bench/load, built when older than their sources, and the order templates."""

import json
import pathlib
import subprocess
import sys

from .process import BenchError

BENCH = pathlib.Path(__file__).resolve().parent.parent
LOAD, BIN = BENCH / "load", BENCH / "bin"
FLAGS = [
    "-std=gnu17",
    "-O2",
    "-g",
    "-D_GNU_SOURCE",
    "-Wall",
    "-Wextra",
    "-Wshadow",
    "-Wstrict-prototypes",
    "-Wmissing-prototypes",
    "-Wwrite-strings",
    "-Wvla",
    "-Werror",
]
PROGRAMS = {  # name: sources besides its own, libraries
    "http_load": (["client.c", "order.c", "samples.c"], ["-lcrypto"]),
    "http_null": (["listen.c"], []),
    "sink": (["listen.c", "samples.c"], []),
    "import_rows": ([], ["-lsqlite3"]),
    "rows": (["order.c", "samples.c"], ["-lcrypto", "-lsqlite3"]),
}
TEMPLATES = 2000  # 23 MB: more than a processor's cache, so that bodies are as cold as real ones


def tool(name):
    """Path of a program, built first where needed."""
    others, libraries = PROGRAMS[name]
    sources = [LOAD / file for file in [f"{name}.c", *others]]
    newest = max(path.stat().st_mtime for path in [*sources, *LOAD.glob("*.h")])
    program = BIN / name
    if not program.exists() or program.stat().st_mtime < newest:
        BIN.mkdir(exist_ok=True)
        done = subprocess.run(
            ["cc", *FLAGS, *map(str, sources), "-o", str(program), *libraries],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"building {name}: {done.stdout}")
    return program


def order_templates():
    """The file of templates that http_load makes orders of."""
    script, path = LOAD / "orders.py", BIN / f"orders-{TEMPLATES}.txt"
    if not path.exists() or path.stat().st_mtime < script.stat().st_mtime:
        BIN.mkdir(exist_ok=True)
        with path.open("wb") as out:
            subprocess.run([sys.executable, str(script), str(TEMPLATES)], stdout=out, check=True)
    return path


def run_json(*command):
    """Runs a program that prints one line of JSON."""
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"{pathlib.Path(str(command[0])).name}: {done.stderr.strip()}")
    return json.loads(done.stdout)
