"""tools/embed.py: the files of the tree become one C file that holds exactly them."""
import hashlib
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def embed(root, output):
    return subprocess.run(
        [sys.executable, ROOT / "tools/embed.py", "--root", root, "--output", output,
         "--depfile", output.with_suffix(".d")], capture_output=True, text=True, timeout=30)


def put(root, name, data):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


def test_every_byte_survives_the_c_compiler(tree, tmp_path):
    files = {
        "ui/static/all.png": bytes(range(256)) * 3,
        "ui/static/odd.js": b'??/ "\\0" \\x41 %s\r\n\t/* */ ??=1234567890',
        "ui/portal/empty.liquid": b"",
        "i18n/de.json": '{"größe": "ß"}'.encode(),
        "sql/schema/core.sql": b"-- one\n" * 5000,
    }
    for name, data in files.items():
        put(tree, name, data)
    output = tmp_path / "assets.c"
    assert embed(tree, output).returncode == 0
    (tmp_path / "main.c").write_text("""
        #include "engine/asset_table.h"
        #include <stdio.h>
        int main(int argc, char **argv) {
            if (argc > 1) {
                Str bytes = asset_table[atoi(argv[1])].bytes;
                fwrite(bytes.at, 1, bytes.len, stdout);
            } else
                for (size_t i = 0; i < asset_table_count; i++)
                    printf("%s %s %s\\n", asset_table[i].name, asset_table[i].hash,
                           asset_table[i].type);
        }""".replace("#include <stdio.h>", "#include <stdio.h>\n#include <stdlib.h>"))
    flags = subprocess.run(["pkg-config", "--cflags", "glib-2.0"], capture_output=True, text=True,
                           check=True).stdout.split()
    program = tmp_path / "main"
    subprocess.run(["cc", "-std=gnu17", "-Wall", "-Werror", f"-I{ROOT}/src", *flags,
                    tmp_path / "main.c", output, "-o", program], check=True, timeout=60)
    rows = subprocess.run([program], capture_output=True, text=True, timeout=10).stdout.splitlines()
    assert [row.split()[0] for row in rows] == sorted(files)
    for index, name in enumerate(sorted(files)):
        said = subprocess.run([program, str(index)], capture_output=True, timeout=10).stdout
        assert said == files[name]
        assert rows[index].split()[1] == hashlib.sha256(files[name]).hexdigest()[:16]


def test_what_is_left_out(tree, tmp_path):
    for name in ["ui/.swp", "ui/a.liquid~", "ui/#a.liquid#", "ui/a.liquid.orig", "other/a.liquid"]:
        put(tree, name, b"x")
    put(tree, "ui/a.liquid", b"x")
    output = tmp_path / "assets.c"
    assert embed(tree, output).returncode == 0
    assert re.findall(r'{"([^"]+)", {', output.read_text()) == ["ui/a.liquid"]
    assert "asset_table_count = 1;" in output.read_text()


def test_a_file_without_a_media_type_stops_the_build(tree, tmp_path):
    put(tree, "ui/static/a.exe", b"x")
    result = embed(tree, tmp_path / "assets.c")
    assert result.returncode != 0
    assert "ui/static/a.exe: no media type is known" in result.stderr


def test_a_changed_file_is_a_changed_output_and_an_unchanged_one_is_not(tree, tmp_path):
    put(tree, "ui/a.liquid", b"one")
    output = tmp_path / "assets.c"
    embed(tree, output)
    first = output.stat().st_mtime_ns
    embed(tree, output)
    assert output.stat().st_mtime_ns == first
    put(tree, "ui/a.liquid", b"two")
    embed(tree, output)
    assert output.stat().st_mtime_ns != first
    needs = output.with_suffix(".d").read_text()
    assert str(tree / "ui/a.liquid") in needs and f"{tree / 'ui'} " in needs


def test_an_empty_tree_is_fine(tree, tmp_path):
    output = tmp_path / "assets.c"
    assert embed(tree, output).returncode == 0
    assert "asset_table_count = 0;" in output.read_text()
