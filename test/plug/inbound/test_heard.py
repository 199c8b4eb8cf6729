"""A server's no means the same whether we hear it ourselves or another server reports it by mail: one set of rules.

What servers say: the manuals and sources of Postfix, Exim, sendmail, Exchange, Gmail, Yahoo; RFC 3463, 5321, 7505.
"""

import pytest

from inbound import ask, read_mail

REPLIES = [
    # code, status, words, hard, reason
    (550, "5.1.1", "User unknown", True, "user_unknown"),
    (550, "5.1.1", "The email account that you tried to reach does not exist. Please try 5.1.1 double-checking", True, "user_unknown"),
    (550, "5.1.10", "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", True, "user_unknown"),
    (550, "-", "<ana@example.com>: Recipient address rejected: User unknown in virtual mailbox table", True, "user_unknown"),
    (550, "-", "No such user here", True, "user_unknown"),
    (550, "5.4.1", "Recipient address rejected: Access denied. AS(201806281)", True, "user_unknown"),
    (554, "-", "delivery error: dd This user doesn't have a example.com account (ana@example.com) [0]", True, "user_unknown"),
    (550, "5.1.2", "Host unknown", True, "host_unknown"),
    (556, "5.1.10", "Domain does not accept mail (nullMX)", True, "no_mail"),
    (551, "5.1.6", "The mailbox has moved", True, "moved"),
    (550, "5.2.1", "The email account that you tried to reach is disabled", False, "suspended"),
    (552, "5.2.2", "Mailbox full", False, "mailbox_full"),
    (550, "5.7.1", "Service unavailable; client [192.0.2.1] blocked using bl.example.net", False, "blocked"),
    (554, "5.7.1", "Message looks like spam", False, "spam"),
    (550, "5.7.26", "This mail has been blocked because the sender is unauthenticated", False, "auth"),
    (554, "5.7.1", "<ana@example.com>: Relay access denied", False, "relay"),
    (553, "5.1.8", "<shop@example.com>: Sender address rejected: Domain not found", False, "sender"),
    (552, "5.3.4", "Message size exceeds fixed limit", False, "too_big"),
    (550, "5.7.1", "Recipient address rejected: Greylisted, see postgrey", False, "rate"),
    (554, "5.3.0", "Something has happened", False, "other"),
]


def report_mail(code, status, words, command="RCPT TO"):
    line = f"{code} {words}" if status == "-" else f"{code} {status} {words}"
    return (f"Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net (Mail Delivery System)\n"
            f"Subject: Undelivered Mail Returned to Sender\nTo: shop@example.com\nMIME-Version: 1.0\n"
            f"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            f"--b\nContent-Type: text/plain\n\n<ana@example.com>: host mx.example.com[192.0.2.1] said: {line} "
            f"(in reply to {command} command)\n\n--b\nContent-Type: message/delivery-status\n\n"
            f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; ana@example.com\nAction: failed\n"
            f"Status: {'5.0.0' if status == '-' else status}\nDiagnostic-Code: smtp; {line}\n\n--b--\n")


@pytest.mark.parametrize("code, status, words, hard, reason", REPLIES)
def test_heard_and_told_are_the_same(tmp_path, code, status, words, hard, reason):
    heard = ask(("heard", "rcpt", code, status, words))[0]["report"]
    told = read_mail(tmp_path, report_mail(code, status, words))["reports"][0]
    assert (heard["hard"], heard["reason"]) == (hard, reason)
    assert (told["hard"], told["reason"]) == (hard, reason)


@pytest.mark.parametrize("words", ["Requested action not taken: mailbox unavailable",
                                   "Requested action not taken: mailbox unavailable Failure sending mail. Try again later"])
def test_words_that_say_no_more_than_the_code_give_up_nobody_when_our_own_server_says_them(tmp_path, words):
    """The second is what submission servers of GMX said to accounts that they throttled."""
    heard = ask(("heard", "rcpt", 550, "-", words))[0]["report"]
    assert (heard["hard"], heard["reason"]) == (False, "other")
    assert ask(("heard", "rcpt", 550, "5.1.1", words))[0]["report"]["hard"]
    assert read_mail(tmp_path, report_mail(550, "-", "Requested action not taken: mailbox unavailable"))["reports"][0]["hard"]


def test_behind_the_mail_it_is_about_the_mail():
    """A server knows its mailboxes at RCPT: who says so of a mail that was read filters it."""
    for moment, hard, reason in (("rcpt", True, "user_unknown"), ("data", False, "filtered"), ("mail", False, "sender")):
        heard = ask(("heard", moment, 550, "-", "User unknown"))[0]["report"]
        assert (heard["hard"], heard["reason"]) == (hard, reason)
    assert ask(("heard", "data", 550, "5.1.1", "User unknown"))[0]["report"]["hard"]


# ---- forms of reports ------------------------------------------------------------------------------------

HEAD = "Return-Path: <>\nFrom: postmaster@mx.example.net\nTo: shop@example.com\nSubject: Undeliverable mail\n\n"


def test_a_reply_of_several_lines_put_together(tmp_path):
    """RFC 5321 4.2.1: the code stands before each line, and in the middle of the sentence when lines are joined."""
    told = read_mail(tmp_path, HEAD + "<ana@example.com>: host mx.example.com said: 550-The mail server\n"
                     "    could not deliver. The account 550-or domain may not exist, they may be 550 blacklisted\n")
    assert [(one["recipient"], one["hard"]) for one in told["reports"]] == [("ana@example.com", True)]
    told = read_mail(tmp_path, report_mail(550, "5.1.1", "The email account that you tried to reach does 550-5.1.1 not exist"))
    assert told["reports"][0]["hard"]


def test_saved_from_a_web_page(tmp_path):
    """Which begins with empty lines."""
    told = read_mail(tmp_path, "\r\n          \r\n" + HEAD.replace("\n", "\r\n") + "550 <ana@example.com>: User unknown\r\n")
    assert [one["recipient"] for one in told["reports"]] == ["ana@example.com"]


def test_the_sender_is_listed_too(tmp_path):
    told = read_mail(tmp_path, HEAD + "Your message could not be delivered.\n\nSender Address: b+token@out.example.com\n"
                     "Recipient Address: ana@example.com\nError: 550 5.1.10 Recipient not found\n")
    assert [(one["recipient"], one["hard"]) for one in told["reports"]] == [("ana@example.com", True)]


def test_a_footer_about_viruses_is_no_reason(tmp_path):
    mail = report_mail(550, "5.1.1", "x").replace("Diagnostic-Code: smtp; 550 5.1.1 x\n", "").replace(
        "said: 550 5.1.1 x (in reply to RCPT TO command)", "failed\n\n____\nThis mail has been scanned for all viruses")
    report = read_mail(tmp_path, mail)["reports"][0]
    assert (report["hard"], report["reason"]) == (True, "user_unknown")
