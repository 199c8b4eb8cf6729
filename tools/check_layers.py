#!/usr/bin/env python3
"""The arrows of the house, read from the #include lines of src/.

    base  <-  engine  <-  flow  <-  feature  <-  cmd          plug sees base, model.h and its kind

Two questions for each include: may this floor see that one, and is this the one file that may
know that library? Both answers are tables here. To let a new library in: a row in HOMES and a
page in doc/why/.
"""
import dataclasses
import pathlib
import re
import sys

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)
SOURCES = {".c", ".h", ".cc", ".def"}

# Who may see whom. The model is the nouns: model.h and the lists (.def) it is made of; the rest
# are folders of src/. What plugs and rooms may see of each other is narrower: plug_may, feature_may.
FLOORS = {
    "base": {"base"},
    "model": {"base", "model"},
    "engine": {"base", "engine"},
    "plug": {"base", "model"},
    "flow": {"base", "engine", "model", "flow"},
    "feature": {"base", "engine", "model", "flow"},
    "cmd": {"base", "engine", "model", "plug", "flow", "feature", "cmd"},
    "main.c": {"base", "engine", "cmd"},
}

# The one file that may know a library. GLib is the ground that base.h stands on: everywhere.
HOMES = {
    "cairo": ["engine/picture.c"],
    "cmark-gfm": ["engine/liquid_shop/filter_md.c"],
    "curl/": ["engine/http_client.c", "engine/http_job.c", "engine/imap.c"],  # the thread, a request; mailboxes
    "gmime/": ["engine/mime.c"],
    "libfyaml.h": ["base/yaml_read.c"],
    "libpq-fe.h": ["engine/store_pg.c"],
    "microhttpd.h": ["engine/http_server.c"],
    "openssl/ssl.h": ["engine/smtp_tls.c"],
    "openssl/": ["base/digest.c", "base/sign_key.c", "engine/certificate.c", "engine/smtp_tls.c"],  # hashes, keys, certificates
    "pango/": ["engine/picture.c"],
    "qrencode.h": ["engine/liquid_shop/filter_picture.c"],
    "simdjson.h": ["base/json_read.cc"],
    "sodium.h": ["base/seal.c"],
    "sqlite3.h": ["engine/store_sqlite.c"],
    "zstd.h": ["engine/pack.c"],
    "zdict.h": ["engine/pack.c"],
}

# The C library and the kernel.
SYSTEM = re.compile(r"""(?x) ^(
    assert|ctype|errno|fcntl|float|getopt|glib|ifaddrs|inttypes|limits|locale|math|malloc|netdb|poll|pthread
    |sched|setjmp|signal|spawn|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string
    |strings|time|unistd|wchar|dirent|pwd|grp|syslog|termios|execinfo|dlfcn|ucontext
    |(sys|net|netinet|arpa|linux)/\w+ | glib/gstdio )\.h$
    | ^(string|string_view|memory|new|cstring|cstdint|cstddef|utility|limits|charconv)$""")

# Plugs are pure: bytes to rows, rows to requests. These would let the world in.
IMPURE = re.compile(r"^(fcntl|ifaddrs|netdb|poll|pthread|signal|spawn|stdio|time|unistd|dirent|sys/\w+"
                    r"|net/\w+|netinet/\w+|arpa/\w+|linux/\w+)\.h$")

# Lists of nouns that stand in the folder of the room that has most to do with them.
NOUNS = {"flow/events.def"}

# Made at build time, so not to be found in src/: as they are included, and where they belong.
GENERATED = {"queries.def": "engine/queries.def", "maps.def": "plug/maps.def", "base/currencies.def": "base/currencies.def"}


@dataclasses.dataclass(frozen=True)
class Finding:
    file: str
    line: int
    said: str

    def __str__(self):
        return f"{self.file}:{self.line}: {self.said}"


def check_tree(src):
    """Every finding in a tree of sources, in order of file and line."""
    found = []
    for path in sorted(src.rglob("*")):
        if path.suffix in SOURCES:
            found += check_file(src, path)
    return found


def check_file(src, path):
    name = path.relative_to(src).as_posix()
    text = path.read_text(encoding="utf-8")
    found = []
    for match in INCLUDE.finditer(text):
        bracket, target = match.groups()
        said = check_library(name, target) if bracket == "<" else check_own(src, name, target)
        if said:
            line = text.count("\n", 0, match.start()) + 1
            found.append(Finding(f"{src.name}/{name}", line, said))
    return found


def check_library(name, header):
    """What is wrong with `#include <header>` in this file; None when nothing is."""
    if SYSTEM.match(header):
        if name.startswith("plug/") and IMPURE.match(header):
            return f"a plug is pure: <{header}> touches the world"
        return None
    homes = next((homes for start, homes in HOMES.items() if header.startswith(start)), None)
    if homes is None:
        return f"<{header}> has no home: add a row to HOMES in tools/check_layers.py and a page in doc/why/"
    if name not in homes:
        return f"<{header}> belongs in {' and '.join(homes)} alone"
    return None


def check_own(src, name, target):
    """What is wrong with `#include "target"` in this file; None when nothing is."""
    if target in GENERATED:
        target = GENERATED[target]
    elif not (src / target).is_file():
        return f'"{target}" is not in src/ (includes are written from there)'
    here, there = floor_of(name), floor_of(target)
    if here is None:
        return "this file stands on no floor"
    if here == "plug" and there == "plug":
        return plug_may(name, target)
    if here == "flow" and there == "plug":
        return None if is_kind_header(target) else f'flow sees the header of a kind only, not "{target}"'
    if here == "feature" and there == "feature":
        return feature_may(name, target)
    if there not in FLOORS[here]:
        return f"{here} may not see {there}"
    return None


def floor_of(name):
    """The floor of a file under src/; None when it stands on none."""
    if name in NOUNS or name == "model.h" or ("/" not in name and name.endswith(".def")):
        return "model"
    first = name.split("/")[0]
    return first if first in FLOORS else None


def is_kind_header(target):
    """plug/carrier/carrier.h, plug/carrier/carriers.def, and what all kinds share: plug/*.h."""
    parts = target.split("/")
    if len(parts) == 2:
        return target.startswith("plug/")
    return len(parts) == 3 and parts[2] in (f"{parts[1]}.h", f"{parts[1]}s.def")


def plug_may(name, target):
    """A plug sees its own kind's header, its own where it has one, and the lists and KIND_inside.h of its kind.

    One that fills several files, NAME.c and NAME_noun.c, has a NAME_inside.h of its own.
    """
    kind, own = name.split("/")[1], name.rsplit(".", 1)[0] + ".h"
    inside = re.fullmatch(rf"(plug/{kind}/[a-z0-9]+)_inside\.h", target)
    if inside and re.match(rf"{inside[1]}[._]", name):
        return None
    if target.startswith(f"plug/{kind}/") and target.endswith((".def", f"/{kind}_inside.h")):
        return None
    if target == own or (is_kind_header(target) and (target.count("/") == 1 or target.split("/")[1] == kind)):
        return None
    return f'a {kind} sees its kind\'s header only, not "{target}"'


def feature_may(name, target):
    """Rooms meet at the door: another room's ROOM.h, and what all rooms share (feature/*)."""
    here, there = name.split("/")[1:], target.split("/")[1:]
    if len(there) == 1 or (len(here) > 1 and here[0] == there[0]):
        return None
    if len(here) == 1 and there[1] != f"{there[0]}.h":
        return f'feature/{here[0]} sees the header of a room only, not "{target}"'
    if there[1] != f"{there[0]}.h":
        return f'another room\'s door is "feature/{there[0]}/{there[0]}.h", not "{target}"'
    return None


def main():
    src = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "src")
    found = check_tree(src)
    for finding in found:
        print(finding)
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
