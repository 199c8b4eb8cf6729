"""Mails of a lower lane, waiting in the store before the server starts: what a campaign will be."""

from .process import BenchError


def fill(ours, count):
    if count:
        raise BenchError("nothing makes mails of a lower lane yet")
