"""Webhooks of mail providers: signatures made with OpenSSL and Python, bodies in the shapes their manuals show.

provider/*.json, after: docs.aws.amazon.com/ses (notification contents), postmarkapp.com/developer/webhooks,
documentation.mailgun.com (event structure), twilio.com/docs/sendgrid (event webhook reference).
"""

import base64
import hashlib
import hmac
import json
import subprocess

import pytest

from inbound import HERE, ask

NOW = 1_700_000_000_000
TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"


def openssl(*words, data=None):
    return subprocess.run(["openssl", *map(str, words)], input=data, check=True, capture_output=True).stdout


@pytest.fixture(name="desk")
def fixture_desk(tmp_path):
    """Asks whether a delivery is genuine."""

    def check(name, secret, body, headers=(), now=NOW):
        for file, content in (("secret", secret), ("body", body), ("headers", "".join(f"{line}\n" for line in headers))):
            (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        said = ask(("check", name, tmp_path / "secret", now, tmp_path / "headers", tmp_path / "body"))[0]
        return "ok" if said["ok"] else said["error"]

    return check


def told(name, case, tmp_path=None, body=None):
    path = HERE / "provider" / f"{case}.json"
    if body is not None:
        path = tmp_path / "body.json"
        path.write_text(body)
    return ask(("read", name, path))[0]


# ---- Mailgun -----------------------------------------------------------------------------------------


def mailgun(case, key=b"key", seconds=NOW // 1000):
    event = json.loads((HERE / "provider" / f"mailgun_{case}.json").read_text())
    token = "a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0"
    tag = hmac.new(key, f"{seconds}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps({"signature": {"timestamp": str(seconds), "token": token, "signature": tag}, "event-data": event})


def test_mailgun_signature(desk):
    assert desk("mailgun", "key", mailgun("failed")) == "ok"
    assert desk("mailgun", "key", mailgun("failed", key=b"other")) == "auth"
    assert desk("mailgun", "key", mailgun("failed", seconds=NOW // 1000 - 3600)) == "auth"  # an old one, taken up again
    assert desk("mailgun", "key", "{}") == "bad_input"


@pytest.mark.parametrize("case, outcome, hard, reason", [
    ("failed", "failed", True, "user_unknown"),
    ("temporary", "delayed", False, "mailbox_full"),
    ("complained", "complained", False, "other"),
])
def test_mailgun_events(tmp_path, case, outcome, hard, reason):
    report = told("mailgun", case, tmp_path, mailgun(case))["reports"][0]
    assert (report["recipient"], report["outcome"], report["hard"], report["reason"]) == (
        "alice@example.com", outcome, hard, reason)
    assert report["message_id"].endswith("@mg.example.com")
    assert report["at"] // 10**10 == 152


# ---- Postmark ----------------------------------------------------------------------------------------


def test_postmark_login(desk):
    def login(text):
        return ["Authorization: Basic " + base64.b64encode(text.encode()).decode()]

    assert desk("postmark", "hush", "{}", login("anybody:hush")) == "ok"
    assert desk("postmark", "me:hush", "{}", login("me:hush")) == "ok"
    assert desk("postmark", "hush", "{}", login("hush:other")) == "auth"
    assert desk("postmark", "hush", "{}") == "auth"
    assert desk("postmark", "hush", "{}", ["Authorization: Basic !!"]) == "auth"


@pytest.mark.parametrize("case, kind, outcome, hard, reason", [
    ("bounce", "report", "failed", True, "user_unknown"),
    ("soft", "report", "failed", False, "mailbox_full"),
    ("complaint", "complaint", "complained", False, "other"),
    ("delivery", "report", "delivered", False, "other"),
])
def test_postmark_records(case, kind, outcome, hard, reason):
    facts = told("postmark", f"postmark_{case}")
    report = facts["reports"][0]
    assert (facts["kind"], report["recipient"], report["outcome"], report["hard"], report["reason"]) == (
        kind, "john@example.com", outcome, hard, reason)
    assert report["at"] == 1572971634907
    assert report["provider_id"]


def test_postmark_opens_are_no_reports():
    assert told("postmark", "postmark_open")["reports"] == []


# ---- SendGrid ----------------------------------------------------------------------------------------


@pytest.fixture(name="curve", scope="module")
def fixture_curve(tmp_path_factory):
    folder = tmp_path_factory.mktemp("curve")
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / "key.pem")
    public = base64.b64encode(openssl("ec", "-in", folder / "key.pem", "-pubout", "-outform", "DER")).decode()

    def headers(body, seconds):
        signature = openssl("dgst", "-sha256", "-sign", folder / "key.pem", data=str(seconds).encode() + body)
        return [f"X-Twilio-Email-Event-Webhook-Timestamp: {seconds}",
                "X-Twilio-Email-Event-Webhook-Signature: " + base64.b64encode(signature).decode()]

    return public, headers


def test_sendgrid_signature(desk, curve):
    public, headers = curve
    body = (HERE / "provider/sendgrid_events.json").read_bytes()
    good = headers(body, NOW // 1000)
    assert desk("sendgrid", public, body, good) == "ok"
    assert desk("sendgrid", public, body + b" ", good) == "auth"
    assert desk("sendgrid", public, body, headers(body, NOW // 1000 - 3 * 86400)) == "auth"
    assert desk("sendgrid", public, body) == "bad_input"
    assert desk("sendgrid", "no key", body, good) == "bad_input"


def test_sendgrid_events():
    reports = {report["recipient"][0]: report for report in told("sendgrid", "sendgrid_events")["reports"]}
    assert {name: (report["outcome"], report["hard"]) for name, report in reports.items()} == {
        "a": ("delivered", False), "b": ("failed", True), "c": ("failed", False), "d": ("delayed", False),
        "e": ("complained", False), "g": ("failed", True)}
    assert reports["b"]["message_id"] == "<def@shop.example>"
    assert reports["a"]["at"] == 1513299569000


# ---- SES through SNS ---------------------------------------------------------------------------------


@pytest.fixture(name="sns", scope="module")
def fixture_sns(tmp_path_factory):
    """Signs envelopes as SNS does, with a certificate of our own."""
    folder = tmp_path_factory.mktemp("sns")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=sns.amazonaws.com", "-days", "2", "-keyout",
            folder / "key.pem", "-out", folder / "cert.pem")

    def sign(envelope, version="2"):
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        if envelope["Type"] != "Notification":
            names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
        text = "".join(f"{name}\n{envelope[name]}\n" for name in names if name in envelope)
        digest = "-sha1" if version == "1" else "-sha256"
        signature = openssl("dgst", digest, "-sign", folder / "key.pem", data=text.encode())
        return json.dumps({**envelope, "SignatureVersion": version, "Signature": base64.b64encode(signature).decode()})

    return sign, (folder / "cert.pem").read_text()


def envelope(message="{}", **more):
    return {"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": TOPIC,
            "Message": message, "Timestamp": "2023-11-14T22:13:20.000Z",
            "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-f3ecfb7224.pem", **more}


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize("more", [{}, {"Subject": "Amazon SES"}])
def test_ses_signature(desk, sns, version, more):
    sign, certificate = sns
    body = sign(envelope('{"a": "line\\nline"}', **more), version)
    assert desk("ses", certificate, body) == "auth"  # the secret, when it is set, is the topic
    assert desk_with_certificate(desk, certificate, body) == "ok"
    assert desk_with_certificate(desk, certificate, body.replace("22b80b92", "22b80b93")) == "auth"


def desk_with_certificate(desk, certificate, body):
    return desk("ses", TOPIC + "\n" + certificate, body)


@pytest.mark.parametrize("url", [
    "http://sns.eu-west-1.amazonaws.com/x.pem", "https://sns.evil.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com.evil.com/x.pem", "https://sns.eu-west-1.amazonaws.com@evil.com/x.pem",
    "https://sns.eu-west-1.amazonaws.com:8443/x.pem", "https://s3.amazonaws.com/sns./x.pem",
    "https://sns.a.b.amazonaws.com/x.pem", "https://sns.eu-west-1.amazonaws.com/x.txt", "https://sns.amazonaws.com/x.pem",
])
def test_ses_takes_certificates_from_sns_alone(desk, sns, url):
    sign, certificate = sns
    assert desk_with_certificate(desk, certificate, sign(envelope(SigningCertURL=url))) == "auth"


def test_ses_other_topic(desk, sns):
    sign, certificate = sns
    body = sign(envelope(TopicArn="arn:aws:sns:eu-west-1:666:mine"))
    assert desk_with_certificate(desk, certificate, body) == "auth"


@pytest.mark.parametrize("case, kind, recipient, outcome, hard", [
    ("bounce", "report", "jane@example.com", "failed", True),
    ("transient", "report", "full@example.com", "failed", False),
    ("complaint", "complaint", "richard@example.com", "complained", False),
    ("delivery", "report", "jane@example.com", "delivered", False),
])
def test_ses_notifications(tmp_path, case, kind, recipient, outcome, hard):
    message = (HERE / "provider" / f"ses_{case}.json").read_text()
    facts = told("ses", None, tmp_path, json.dumps(envelope(message)))
    report = facts["reports"][0]
    assert (facts["kind"], report["recipient"], report["outcome"], report["hard"]) == (kind, recipient, outcome, hard)
    assert report["provider_id"].endswith("-000000")
    if case == "bounce":
        assert report["message_id"] == "<abc123@shop.example>"


def test_ses_speaks_of_itself(desk, sns, tmp_path):
    """Subscriptions and trying out are notices, no mails; where yes is said is SNS's own host, whoever signed."""
    sign, certificate = sns
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=2336"
    asked = envelope("You have chosen to subscribe", Type="SubscriptionConfirmation", Token="2336", SubscribeURL=url)
    facts = told("ses", None, tmp_path, json.dumps(asked))
    assert facts["kind"] == "setup" and "answered yes" in facts["notice"] and facts["reports"] == []
    assert desk_with_certificate(desk, certificate, sign(asked)) == "ok"
    asked["SubscribeURL"] = "https://evil.example/?Action=ConfirmSubscription"
    assert desk_with_certificate(desk, certificate, sign(asked)) == "auth"
    left = told("ses", None, tmp_path, json.dumps(envelope("bye", Type="UnsubscribeConfirmation")))
    assert left["kind"] == "setup" and "removed" in left["notice"]
    assert told("ses", None, tmp_path, json.dumps(envelope("Successfully validated SNS topic.")))["kind"] == "setup"
