"""Amazon SES tells through SNS: the certificate is fetched beside the requests, verified and kept; what it signed counts."""

import datetime
import json
import time

import pytest
from fake_sns import HOST, ISSUER_HOST, TOPIC, FakeSns

from driver.server import Server

PATIENCE = 20
CERTIFICATE = "/SimpleNotificationService-aa.pem"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("sns")


@pytest.fixture
def sns(folder):
    with FakeSns(folder) as made:
        yield made


@pytest.fixture
def server(sns):
    with Server() as made:
        made.start()
        begin(made, sns)
        made.cli("shop", "add", "demo", "--name", "Demo", "--currency", "EUR", "--zone", "UTC", "--locale", "en")
        made.cli("shop", "set", "demo", f"ses.secret={TOPIC}")
        yield made
        made.stop()


def moment(**ahead):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


def begin(server, sns):
    # An hour ahead: certificates that a test makes later are valid then.
    server.control("at " + moment(hours=1))
    server.control(sns.detour)


def post(server, body):
    return server.http("POST", "/in/demo/ses", body, {"Content-Type": "text/plain; charset=UTF-8", "Accept": "application/json"})


def outcome(server, body):
    """The status when the certificate's fetching is over: SNS comes again while it is 503."""
    until = time.monotonic() + PATIENCE
    while (answer := post(server, body)).status == 503 and why(server).endswith("come again") and time.monotonic() < until:
        time.sleep(0.02)
    return answer


def why(server):
    """What the log says of the last request that failed: strangers are not told."""
    failed = [line for line in server.log().splitlines() if "what=http.failed" in line]
    return failed[-1].partition("message=")[2].strip('"') if failed else ""


def count(server, what):
    return server.rows(f"SELECT count(*) FROM {what}")[0][0]


def receipts(server):
    server.control("work")
    return server.rows("SELECT kind, address FROM receipt ORDER BY id")


# ---- what is right --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES Email Event Notification"}])
def test_a_bounce_suppresses(server, sns, version, more):
    body = sns.sign(sns.envelope("bounce", SignatureVersion=version, **more))
    first = post(server, body)
    # Nothing is kept of what nobody has vouched for yet, and SNS is told to come again.
    assert (first.status, count(server, "inbox")) == (503, 0)
    assert outcome(server, body).status == 200
    assert receipts(server) == [("bounce", "jane@example.com")]
    assert server.rows("SELECT address, scope, reason FROM suppression") == [("jane@example.com", "all", "hard_bounce")]
    assert sns.asked == [(HOST, CERTIFICATE), (ISSUER_HOST, "/r2m01.cer")]


@pytest.mark.parametrize("case, kept, stopped", [
    ("complaint", [("complaint", "richard@example.com")], [("richard@example.com", "marketing", "complaint")]),
    ("delivery", [("delivered", "jane@example.com")], []),
    ("transient", [("soft_bounce", "full@example.com")], []),
])
def test_what_else_is_told(server, sns, case, kept, stopped):
    assert outcome(server, sns.sign(sns.envelope(case))).status == 200
    assert receipts(server) == kept
    assert server.rows("SELECT address, scope, reason FROM suppression") == stopped


def test_the_same_message_again_is_one(server, sns):
    envelope = sns.envelope("bounce")
    body = sns.sign(envelope)
    assert outcome(server, body).status == 200
    again = post(server, body)
    shuffled = json.loads(body)
    turned = post(server, json.dumps(dict(reversed(shuffled.items()))))  # other bytes, the same MessageId
    assert [json.loads(one.text) for one in (again, turned)] == [{"repeated": True}] * 2
    assert receipts(server) == [("bounce", "jane@example.com")]


def test_what_was_signed_cannot_be_told_again_in_other_fields(server, sns):
    told = json.loads(sns.sign(sns.envelope("bounce", Subject="Amazon SES Email Event Notification")))
    assert outcome(server, json.dumps(told)).status == 200
    joined = {**told, "MessageId": f"{told['MessageId']}\nSubject\n{told['Subject']}"}
    del joined["Subject"]
    nameless = {**told, "Message": f"{told['Message']}\nMessageId\n{told['MessageId']}"}
    del nameless["MessageId"]
    assert [post(server, json.dumps(again)).status for again in (joined, nameless)] == [400, 400]
    assert (count(server, "inbox"), receipts(server)) == (1, [("bounce", "jane@example.com")])


def test_a_certificate_is_fetched_once_whatever_happens(server, sns):
    assert outcome(server, sns.sign(sns.envelope("bounce"))).status == 200
    server.kill()
    server.start()
    begin(server, sns)
    assert post(server, sns.sign(sns.envelope("complaint"))).status == 200
    assert len(sns.asked) == 2
    ends = server.rows("SELECT (expires_at - at) / 86400000 FROM signer")
    assert ends in ([(29,)], [(30,)])


def test_names_of_regions_and_a_chain_in_the_file(server, sns):
    sns.leaf("region", "DNS:sns-signing.eu-west-1.amazonaws.com", aia=None)
    sns.serve("b", "region")
    sns.files["/b.pem"] += (sns.folder / "middle.pem").read_bytes()
    envelope = sns.envelope("bounce", SigningCertURL=f"https://{HOST}/b.pem")
    assert outcome(server, sns.sign(envelope, key="region")).status == 200
    assert sns.asked == [(HOST, "/b.pem")]


# ---- what is wrong --------------------------------------------------------------------------------------


def test_changed_or_signed_by_others(server, sns):
    body = sns.sign(sns.envelope("bounce"))
    assert outcome(server, body).status == 200
    told = json.loads(body)
    sns.leaf("other", "DNS:sns.amazonaws.com")
    for wrong in (body.replace("jane@", "ana@"), sns.sign(sns.envelope("complaint"), key="other"),
                  json.dumps({**told, "SignatureVersion": "2"}), json.dumps({**told, "MessageId": "new"}),
                  json.dumps({**told, "Signature": ""}), json.dumps({**told, "Type": "UnsubscribeConfirmation"})):
        assert post(server, wrong).status in (400, 401)
    assert receipts(server) == [("bounce", "jane@example.com")]


@pytest.mark.parametrize("topic", ["arn:aws:sns:eu-west-1:666666666666:mine", TOPIC + "2", TOPIC.replace("eu-west-1", "us-east-1"),
                                   ""])
@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
def test_another_topic_reaches_nothing(server, sns, topic, kind):
    assert outcome(server, sns.sign(sns.envelope("bounce", TopicArn=topic, Type=kind))).status == 401
    assert (sns.asked, count(server, "inbox")) == ([], 0)


@pytest.mark.parametrize("url", [
    "http://sns.eu-west-1.amazonaws.com/x.pem", "https://127.0.0.1/x.pem", "https://169.254.169.254/latest/meta-data/x.pem",
    "https://sns.us-east-1.amazonaws.com/x.pem", "https://sns.amazonaws.com/x.pem", "https://sns.evil.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.com/x.pem", "https://sns.eu-west-1.amazonaws.com@evil.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem", "https://sns.eu-west-1.amazonaws.com/x.txt",
    "https://sns.eu-west-1.amazonaws.com/x.pem?a=b", "https://sns.eu-west-1.amazonaws.com/x?.pem",
    "https://sns.eu-west-1.amazonaws.com/x#.pem", "https://sns.eu-west-1.amazonaws.com/../x.pem",
    "https://sns.eu-west-1.amazonaws.com\\@evil.com/x.pem", "https://sns.eu-west-1.amazonaws.com.cn/x.pem",
    "https://evilsns.eu-west-1.amazonaws.com/x.pem", "https://SNS.eu-west-1.amazonaws.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com/%2e%2e/x.pem", "https://sns.eu-west-1.amazonaws.com/x\n.pem", "file:///x.pem", "",
])
def test_certificates_from_nowhere_else(server, sns, url):
    assert post(server, sns.sign(sns.envelope("bounce", SigningCertURL=url))).status in (400, 401)
    assert sns.asked == []


def bad_certificates(sns):
    sns.leaf("name", "DNS:sns.example.com")
    sns.leaf("wild", "DNS:*.amazonaws.com")
    sns.leaf("over", "DNS:sns.amazonaws.com", days=-1)
    sns.leaf("strange", "DNS:sns.amazonaws.com", authority="stranger")
    sns.leaf("nowhere", "DNS:sns.amazonaws.com", aia="http://crt.r2m01.amazontrust.com/missing.cer")
    sns.leaf("lost", "DNS:sns.amazonaws.com", aia=None)
    sns.leaf("inner", "DNS:sns.amazonaws.com", aia="https://169.254.169.254/latest")
    sns.leaf("usage", "DNS:sns.amazonaws.com", more="extendedKeyUsage=codeSigning\n")
    reasons = {"name": "not that of", "wild": "not that of", "over": "run out", "strange": "nobody whom we trust",
               "nowhere": "404", "lost": "nobody whom we trust", "inner": "nobody whom we trust", "usage": "nobody whom we trust"}
    return {name: ((sns.folder / f"{name}.pem").read_bytes(), why) for name, why in reasons.items()}


def test_certificates_that_are_not_what_they_say(server, sns):
    """Each is refused for good, and each is answered honestly: come again, it may be mended on the other side."""
    wrong = bad_certificates(sns)
    wrong |= {"none": (404, "404"), "sorry": (500, "500"), "moved": (302, "302"), "huge": (b"x" * 70000, "more than"),
              "text": (b"hello", "no certificate"), "empty": (b"", "no certificate"),
              "key": ((sns.folder / "sns.key").read_bytes(), "no certificate"),
              "authority": ((sns.folder / "middle.pem").read_bytes(), "not that of")}
    for name, (found, reason) in wrong.items():
        sns.files[f"/{name}.pem"] = found
        key = name if (sns.folder / f"{name}.key").exists() else "sns"
        body = sns.sign(sns.envelope("bounce", SigningCertURL=f"https://{HOST}/{name}.pem"), key=key)
        answer = outcome(server, body)
        assert answer.status == 503 and "cannot be had" in why(server) and reason in why(server), (name, why(server))
    assert (count(server, "signer"), count(server, "inbox")) == (0, 0)
    assert {host for host, _ in sns.asked} == {HOST, ISSUER_HOST}


def test_one_that_runs_out(server, sns):
    body = sns.sign(sns.envelope("bounce"))
    assert outcome(server, body).status == 200
    server.control("after 31d")
    answer = post(server, sns.sign(sns.envelope("complaint", Timestamp=moment(days=31))))
    assert answer.status == 401 and "run out" in answer.text


@pytest.mark.parametrize("days, status", [(-14, 200), (-16, 401), (2, 401)])
def test_of_another_time(server, sns, days, status):
    assert outcome(server, sns.sign(sns.envelope("bounce", Timestamp=moment(days=days)))).status == status


def test_an_amazon_that_says_nothing_holds_up_nobody(server, sns):
    sns.files["/hang.pem"] = "hang"
    body = sns.sign(sns.envelope("bounce", SigningCertURL=f"https://{HOST}/hang.pem"))
    began = time.monotonic()
    assert [post(server, body).status for _ in range(20)] == [503] * 20
    assert time.monotonic() - began < 5
    assert len([path for _, path in sns.asked if path == "/hang.pem"]) <= 1
    # Another one is fetched meanwhile; and the server stops at once, see the fixture.
    assert outcome(server, sns.sign(sns.envelope("bounce"))).status == 200


def test_addresses_made_up_are_asked_for_by_twenties(server, sns):
    for number in range(60):
        url = f"https://{HOST}/made-up-{number}.pem"
        body = json.dumps({**sns.envelope("bounce", SigningCertURL=url), "Signature": "AAAA"})
        assert post(server, body).status == 503
        time.sleep(0.02)
    assert len(sns.asked) <= 20


def test_without_the_envelope(server, sns):
    answer = post(server, sns.envelope("bounce")["Message"])
    assert answer.status == 400 and "raw message delivery" in answer.text


def test_without_a_topic_set(server, sns):
    server.cli("shop", "set", "demo", "ses.secret=")
    answer = post(server, sns.sign(sns.envelope("bounce")))
    assert answer.status == 401 and "ses.secret" in answer.text and sns.asked == []


# ---- subscribing ----------------------------------------------------------------------------------------


def confirmations(sns):
    return [path for _, path in sns.asked if "ConfirmSubscription" in path]


def test_the_owners_topic_is_confirmed(server, sns):
    body = sns.sign(sns.envelope("You have chosen to subscribe", Type="SubscriptionConfirmation"))
    assert post(server, body).status == 503 and confirmations(sns) == []  # nobody has vouched for it yet
    assert outcome(server, body).status == 200
    assert confirmations(sns) == [f"/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37"]
    assert receipts(server) == []
    (state, reason), = server.rows("SELECT state, reason FROM inbox")
    assert state == "same" and "answered yes" in reason


def test_what_amazon_does_not_take_is_asked_again(server, sns):
    sns.confirm_status = 500
    body = sns.sign(sns.envelope("subscribe", Type="SubscriptionConfirmation"))
    assert outcome(server, body).status == 503
    assert len(confirmations(sns)) == 1 and count(server, "inbox") == 0
    sns.confirm_status = 200
    assert outcome(server, body).status == 200
    assert len(confirmations(sns)) == 2 and count(server, "inbox") == 1


@pytest.mark.parametrize("url", [
    "https://evil.example/?Action=ConfirmSubscription&Token=1", "http://127.0.0.1/?Action=ConfirmSubscription&x",
    f"http://{HOST}/?Action=ConfirmSubscription&Token=1", f"https://{HOST}/?Action=Publish&TopicArn=x",
    f"https://{HOST}/x?Action=ConfirmSubscription&Token=1", f"https://{HOST}@evil.example/?Action=ConfirmSubscription&Token=1",
    f"https://{HOST}:444/?Action=ConfirmSubscription&Token=1", f"https://{HOST}/?Action=ConfirmSubscription&Token=1#x",
    "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=1",
])
def test_no_other_address_is_confirmed(server, sns, url):
    """Even with Amazon's own signature below it."""
    body = sns.sign(sns.envelope("subscribe", Type="SubscriptionConfirmation", SubscribeURL=url))
    assert outcome(server, body).status == 401
    assert [path for _, path in sns.asked] == [CERTIFICATE, "/r2m01.cer"]


def test_taking_leave_and_trying_out_are_noted(server, sns):
    for message, more in (("You have chosen to deactivate", {"Type": "UnsubscribeConfirmation"}),
                          ("Successfully validated SNS topic for Amazon SES event publishing.", {})):
        assert outcome(server, sns.sign(sns.envelope(message, **more))).status == 200
    assert receipts(server) == [] and confirmations(sns) == []
    left, tried = server.rows("SELECT state, reason FROM inbox ORDER BY id")
    assert left[0] == tried[0] == "same" and "was removed" in left[1] and "Successfully validated" in tried[1]
