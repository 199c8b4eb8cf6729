"""Folders for data of one run: on the disk that is measured, gone afterwards."""

import contextlib
import os
import pathlib
import shutil
import tempfile

from .machine import file_system
from .process import BenchError
from .tools import BENCH


def scratch_root():
    """$TMPDIR or bench/data; refuses memory, where a write to the disk costs nothing."""
    root = pathlib.Path(os.environ.get("TMPDIR") or BENCH / "data")
    root.mkdir(parents=True, exist_ok=True)
    kind = file_system(root)
    if kind in ("tmpfs", "ramfs"):
        raise BenchError(f"{root} is {kind}: set TMPDIR to a folder on a disk")
    return root


@contextlib.contextmanager
def scratch(keep=False):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postlude-bench-", dir=scratch_root()))
    folder.chmod(0o755)  # servers that give up root still reach it
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder)
