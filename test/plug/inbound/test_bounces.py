"""589 real bounces and complaints with 619 expected results, read by us: how many are right?

hard or soft is the collection's own word (expected_rb.tsv); whom each is about is in recipients.tsv. A recipient counts
as right where ours, or where we say it was forwarded to, is theirs or their alias; where the report blacks it out
(theirs is then a placeholder) nobody can be right or wrong about it.
"""

import csv

import pytest

from inbound import DATA, HERE, ask

FOLDER = DATA / "bounces" / "rb_maildir_bsd"
EXPECTED = DATA / "bounces" / "expected" / "expected_rb.tsv"
HARD_LEAST, RECIPIENT_LEAST = 0.95, 0.98
BLACKED_OUT = "undisclosed-recipient-in-headers@"
NOT_REPORTS = ("auto", "complaint", "unsubscribe")

pytestmark = pytest.mark.skipif(not EXPECTED.is_file(), reason="../shared/data/bounces is not there")


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return list(csv.DictReader((line for line in lines if not line.startswith("#")), delimiter="\t"))


def about(report):
    return {report["recipient"].lower(), report["final"].lower()} - {""}


def pick(said, wanted, place):
    """The report on the wanted recipient; else the one in its place."""
    for report in said["reports"]:
        if about(report) & wanted:
            return report, True
    return (said["reports"][place] if place < len(said["reports"]) else None), False


@pytest.fixture(scope="module")
def results():
    """(row, hard is right, recipient is right) for each expected result."""
    recipients = {(row["file"], row["n"]): {row["recipient"].lower(), row["alias"].lower()} - {""}
                  for row in rows(HERE / "recipients.tsv")}
    expected = rows(EXPECTED)
    files = sorted({row["file"] for row in expected})
    said = dict(zip(files, ask(*(("mail", FOLDER / name) for name in files))))
    found = []
    for row in expected:
        wanted = recipients[row["file"], row["n"]]
        mail = said[row["file"]]
        report, matched = pick(mail, wanted, int(row["n"]) - 1)
        if any(address.startswith(BLACKED_OUT) for address in wanted):
            matched = True
        elif mail["kind"] in ("auto", "unsubscribe"):
            matched = mail["from"].lower() in wanted
        hard = report["hard"] if report else (False if mail["kind"] in NOT_REPORTS else None)
        found.append((row, hard == (row["hardbounce"] == "true"), matched))
    return found


def wrong(results, place):
    return "\n".join(f"{row['file']} {row['n']} {row['reason']}" for row, *right in results if not right[place])


def test_all_results_are_there(results):
    assert len(results) == 619


def test_hard_or_soft(results):
    rate = sum(right for _, right, _ in results) / len(results)
    print(f"hard or soft: {rate:.4f}")
    assert rate >= HARD_LEAST, wrong(results, 0)


def test_recipient(results):
    rate = sum(right for _, _, right in results) / len(results)
    print(f"recipient: {rate:.4f}")
    assert rate >= RECIPIENT_LEAST, wrong(results, 1)


def test_nothing_but_bounces_is_called_hard(results):
    """No complaint, vacation or delivery ever stops mail to somebody as a dead address does."""
    harmless = [right for row, right, _ in results if row["reason"] in ("feedback", "vacation", "delivered")]
    assert len(harmless) > 25
    assert sum(harmless) >= len(harmless) - 1  # one file holds two mails; the second is the delivered one
