"""The driver itself: it reads what it should, names the place of what it cannot read, and above all turns
red when the product is wrong. The product here is fake_postlude.py, which can be wrong on purpose."""

import re
from pathlib import Path

import pytest

from driver import crash, flow, shopify
from driver.server import Failed, Server
from driver.sink import Sink
from driver.words import FlowError, split

HERE = Path(__file__).parent
FAKE = str(HERE / "fake_postlude.py")
ORDER = "post /in/demo/shopify shopify/order_1001.json -> 200\n"
HEAD = "shop demo\nat 2026-03-02 10:00 Europe/Paris\n"


def play(text, monkeypatch=None, wrong=""):
    if monkeypatch:
        monkeypatch.setenv("FAKE", wrong)
    flow.play(flow.parse(text, "x.flow"), FAKE)


def refused(text, *signs, **how):
    """Plays a scenario that must fail, and looks for all the signs in what it says."""
    with pytest.raises(FlowError) as caught:
        play(text, **how)
    for sign in signs:
        assert sign in str(caught.value)


# ---- reading --------------------------------------------------------------------------------


def test_words_are_split_at_blanks_and_kept_by_quotes():
    assert split('mail 1 subject ~ "two words" #1001 # a comment') == ["mail", "1", "subject", "~", "two words", "#1001"]
    assert split('set demo legal.text="Demo \\"SAS\\", Paris"') == ["set", "demo", 'legal.text=Demo "SAS", Paris']
    assert split('x ""') == ["x", ""]
    assert split("   # nothing") == []


@pytest.mark.parametrize("line, sign", [
    ("exepct mail == 1", "`exepct` is no statement"),
    ('mail 1 subject ~ "open', "a quote is not closed"),
    ("after 7 days", "7d, 5h, 90m"),
    ("after", "a length of time is missing"),
    ("at 2026-13-02 10:00", "month must be in 1..12"),
    ("at 2026-03-02 10:00 Europe/Pariss", "Europe/Pariss"),
    ("work hard", "`hard`: nothing more stands here"),
    ("post /in/demo/shopify shopify/order_1.json -> 200", "; there are: consent_ana.json"),
    ("post /in/demo/shopify shopify/order_1001.json", "-> is missing"),
    ("post /in/demo/shopify shopify/order_1001.json edit /line_items/9/title=x -> 200", "edit:"),
    ("expect events order.placed == 1", "here stands event"),
    ("expect mail = 1", "here stands =="),
    ("peer smtp sink rcpt nonsense", "here stands drop, hang, slow or a reply"),
    ("mail first to ana@example.com", "which mail is a number"),
    ("trace order 1001", "contains TEXT is missing"),
    ("set demo colour", "key=value"),
])
def test_what_cannot_be_read_is_told_with_its_place_before_anything_runs(line, sign):
    with pytest.raises(FlowError) as caught:
        flow.parse(f"# a scenario\n\nshop demo\n{line}\n", "x.flow")
    assert str(caught.value).startswith("x.flow:4: ")
    assert sign in str(caught.value)


def test_an_empty_scenario_is_a_mistake():
    with pytest.raises(FlowError):
        flow.parse("# nothing\n", "x.flow")


def test_the_manual_has_every_statement_with_its_help():
    manual = " ".join((HERE / "README.md").read_text().split())
    for row in flow.STATEMENTS.values():
        assert " ".join(row.usage.split()) in manual
        assert " ".join(row.help.split()) in manual


def test_every_scenario_of_the_tree_can_be_read():
    found = sorted((HERE.parent / "flow").glob("**/*.flow"))
    for path in found:
        flow.load(path)


# ---- bodies ---------------------------------------------------------------------------------


def test_edits_keep_ids_above_two_to_the_53_exact():
    body = shopify.edit(shopify.fixture("shopify/order_1011_big_ids.json"), [("/email", "x@example.com")])
    assert b'"id":820982911946154509' in body and b'"email":"x@example.com"' in body


def test_the_signature_is_the_one_of_openssl():
    # printf '{"id":1}' | openssl dgst -sha256 -hmac hush -binary | base64
    assert shopify.sign("hush", b'{"id":1}') == "VnKUjZsLuN5iZWjn5EntcBVCF9kMN43LglzCE1/GSeY="


def test_edit_reads_json_and_keeps_text():
    body = shopify.edit(b'{"a":{"b/c":[1,2]},"d":"e"}', [("/a/b~1c/1", "null"), ("/d", "two words")])
    assert body == b'{"a":{"b/c":[1,null]},"d":"two words"}'


# ---- playing --------------------------------------------------------------------------------

GOOD = HEAD + ORDER + """
expect mail == 0
work
expect event order.placed == 1
expect order == 1 shop demo
expect mail == 1
mail 1 to ana@example.com subject ~ #1001 header:Message-ID ~ @demo.example
page order 1001 contains "order page"
page order 1001 forged -> 404
expect stats messages.accepted == 1
expect sql "SELECT email FROM orders" == ana@example.com
trace order 1001 contains inbox event message
get /o/nothing -> 404
verb trace $inbox.1 contains order.placed
post /in/demo/shopify shopify/order_1002_guest.json unsigned -> 401
kill
after 7d
restart
work
expect mail ids == 1
"""


def test_a_scenario_that_is_true_is_green():
    play(GOOD)


@pytest.mark.parametrize("line, sign", [
    ("expect mail == 2", "expected mail == 2\n    was: 1"),
    ("expect event order.placed == 2", "was: 1"),
    ('expect sql "SELECT name FROM orders" == #1002', "was: #1001"),
    ("expect stats orders == 3", "was: 1"),
    ("mail 1 to bo@example.com", "was: ana@example.com"),
    ("mail 2 to ana@example.com", "expected a mail 2"),
    ("mail last subject ~ parcel", "was: Your order #1001"),
    ("page order 1001 contains Paid", "expected it to contain 'Paid'"),
    ("page order 1001 lacks page", "expected it to lack 'page'"),
    ("page order 1002 contains x", "no mail names order 1002"),
    ("trace order 1001 contains message event", "(behind the one before)"),
    ("get /o/nothing -> 200", "was: 404"),
    ("post /in/demo/shopify shopify/order_1001.json unsigned -> 200", "was: 401"),
    ("verb trace $inbox.7 contains x", "there is no inbox 7"),
    ("verb nonsense", "exit 1"),
])
def test_a_scenario_that_is_false_is_red_and_shows_what_was_there(line, sign):
    refused(HEAD + ORDER + "work\n" + line, f"x.flow:5: {line}\n", sign)


def test_a_failed_expectation_shows_mails_and_trace():
    refused(HEAD + ORDER + "work\nexpect mail == 2", "mail: 1 to ana@example.com", "trace: inbox 1 shopify")


def test_a_mail_sent_twice_is_noticed(monkeypatch):
    refused(HEAD + ORDER + "work\nexpect mail == 1", "was: 2", monkeypatch=monkeypatch, wrong="twice")


def test_an_order_lost_by_a_kill_is_noticed(monkeypatch):
    refused(HEAD + ORDER + "kill\nwork\nexpect mail == 1", "was: 0", monkeypatch=monkeypatch, wrong="forgets")


def test_what_a_sanitizer_says_fails_the_scenario(monkeypatch):
    refused(HEAD + "work", "runtime error", monkeypatch=monkeypatch, wrong="chatty")


def test_a_server_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setenv("FAKE", "deaf")
    with Server(program=FAKE) as server:
        server.start()
        with pytest.raises(Failed, match="no answer to control line `work` after 0.3 s"):
            server.control("work", seconds=0.3)


def test_a_program_that_does_not_start_is_told_with_its_words():
    with Server(program="/bin/false") as server, pytest.raises(Failed, match="did not start"):
        server.start()


# ---- crashes --------------------------------------------------------------------------------


def test_crash_plays_every_commit():
    stops = crash.crash(flow.parse(HEAD + ORDER + "work\nexpect mail == 1", "x.flow"), FAKE)
    assert stops == 4  # inbox, digest, claim, answer


def test_crash_catches_a_mail_that_is_sent_before_its_claim(monkeypatch):
    monkeypatch.setenv("FAKE", "resends")
    with pytest.raises(FlowError, match="stopped after commit 3.*\n.*1 mails arrived twice, but only 0"):
        crash.crash(flow.parse(HEAD + ORDER + "work", "x.flow"), FAKE)


# ---- the mail server --------------------------------------------------------------------------


def talk(sink):
    """One mail through smtplib; the reply to each stage that went wrong, or 'ok'."""
    import smtplib
    host, port = re.search(r"//(.*):(\d+)", sink.url).groups()
    try:
        with smtplib.SMTP(host, int(port), local_hostname="me", timeout=5) as line:
            line.sendmail("a@x.example", ["b@x.example"], "Message-ID: <1@x>\r\nSubject: s\r\n\r\n.dot\r\n")
        return "ok"
    except smtplib.SMTPRecipientsRefused as error:
        return str(error.recipients["b@x.example"][0])
    except smtplib.SMTPResponseException as error:
        return str(error.smtp_code)
    except (smtplib.SMTPException, OSError) as error:
        return type(error).__name__


@pytest.mark.parametrize("stage, action, heard, taken", [
    ("rcpt", "451 4.7.1 Greylisted", "451", 0),
    ("mail", "421 4.7.0 Too many", "421", 0),
    ("data", "554 5.7.1 No", "554", 0),
    ("dot", "452 4.2.2 Full", "452", 0),
    ("body", "drop", "SMTPServerDisconnected", 0),
    ("dot", "drop", "SMTPServerDisconnected", 1),
    ("connect", "drop", "SMTPServerDisconnected", 0),
    ("rcpt", "slow", "ok", 1),
])
def test_a_rule_of_the_sink_holds_as_often_as_it_says(stage, action, heard, taken):
    sink = Sink()
    try:
        sink.rule(stage, action, times=1)
        assert (talk(sink), len(sink.mails)) == (heard, taken)
        assert talk(sink) == "ok"
        assert sink.mails[-1].raw.endswith(b"\r\n\r\n.dot\r\n") and sink.mails[-1].id == "<1@x>"
    finally:
        sink.close()


def test_a_sink_that_is_down_refuses_and_comes_back_under_its_address():
    sink = Sink()
    url = sink.url
    sink.down()
    assert talk(sink) == "ConnectionRefusedError"
    sink.behave()
    assert (talk(sink), sink.url) == ("ok", url)
    sink.close()
