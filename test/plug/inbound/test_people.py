"""Mails of people and of machines that answer for them: what is a reply, what a vacation note, and what is never a bounce."""

import pytest

from inbound import read_mail

HEAD = """\
Received: from mx.example (mx.example [192.0.2.1]) by shop.example; Mon, 2 Mar 2026 10:00:00 +0000
From: {sender}
To: Shop <hello@shop.example>
Subject: {subject}
Message-ID: <1234@mail.example>
Date: Mon, 2 Mar 2026 10:00:00 +0000
MIME-Version: 1.0
Content-Type: {type}
"""
ANA = "Ana Lima <ana@example.com>"
TOKEN = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"


def mail(body, subject="Hello", sender=ANA, fields="", kind="text/plain; charset=utf-8"):
    return HEAD.format(sender=sender, subject=subject, type=kind) + fields + "\n" + body


# ---- machines that answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("subject, body, fields", [
    ("Automatic reply: Your order #1001", "I am out of the office until Monday.", "Auto-Submitted: auto-replied\n"),
    ("Out of Office: Your order", "Back on 5 May. User unknown? Mailbox full? No: vacation.", ""),
    ("Re: Your order #1001", "I am on vacation and will return on Monday.", "X-Autoreply: yes\n"),
    ("Automatische Antwort: Ihre Bestellung", "Ich bin bis Montag nicht erreichbar.", ""),
    ("Abwesenheitsnotiz", "Ich bin im Urlaub und ab 5. Mai wieder da.", "Precedence: auto_reply\n"),
    ("Réponse automatique : Votre commande", "Je suis absent du bureau jusqu'au 5 mai.", ""),
    ("Respuesta automática: Su pedido", "Estoy de vacaciones.", ""),
    ("Risposta automatica: Il suo ordine", "Sono in ferie.", ""),
    ("Automatisch antwoord: uw bestelling", "Ik ben met vakantie.", ""),
    ("Resposta automática: Seu pedido", "Estou de férias.", ""),
    ("رد تلقائي: طلبك", "أنا خارج المكتب حتى يوم الاثنين.", ""),
    ("=?utf-8?B?2LHYryDYqtmE2YLYp9im2Yo6INi32YTYqNmD?=", "أنا خارج المكتب", ""),
    ("Your order", "I am on annual leave.", "Auto-Submitted: auto-replied\nReturn-Path: <>\n"),
])
def test_vacation_is_no_bounce(tmp_path, subject, body, fields):
    facts = read_mail(tmp_path, mail(body, subject, fields=fields))
    assert (facts["kind"], facts["auto"], facts["reports"]) == ("auto", "vacation", [])
    assert facts["no_answer"]


def test_vacation_that_quotes_a_whole_header_and_a_dead_address(tmp_path):
    body = """I am out of the office.

----- Original Message -----
From: hello@shop.example
To: ana@example.com
Subject: Your order
Date: Mon, 2 Mar 2026 09:00:00 +0000

550 5.1.1 <ana@example.com>... User unknown
"""
    facts = read_mail(tmp_path, mail(body, "Out of office", fields="Return-Path: <>\nAuto-Submitted: auto-replied\n"))
    assert (facts["kind"], facts["reports"]) == ("auto", [])
    assert facts["text"] == "I am out of the office."


@pytest.mark.parametrize("body, kind", [
    ("Jane Doe has left the company. Please write to sales@example.com.", "left"),
    ("Frau Doe ist nicht mehr im Unternehmen.", "left"),
    ("Jane ne travaille plus ici.", "left"),
    ("To deliver your message, please click the link and confirm that you are a human.", "challenge"),
    ("We have received your message and will answer soon.", "other"),
])
def test_other_machines(tmp_path, body, kind):
    facts = read_mail(tmp_path, mail(body, "Re: Your order", fields="Auto-Submitted: auto-replied\n"))
    assert (facts["kind"], facts["auto"], facts["reports"]) == ("auto", kind, [])


def test_read_receipt(tmp_path):
    body = """--b
Content-Type: text/plain

Your message was displayed.
--b
Content-Type: message/disposition-notification

Final-Recipient: rfc822;ana@example.com
Disposition: manual-action/MDN-sent-manually; displayed
--b--
"""
    facts = read_mail(tmp_path, mail(body, "Read: Your order",
                                     kind="multipart/report; report-type=disposition-notification; boundary=b"))
    assert (facts["kind"], facts["auto"], facts["reports"]) == ("auto", "receipt", [])


@pytest.mark.parametrize("fields", ["Precedence: bulk\n", "List-Id: <x.example>\n", "Auto-Submitted: auto-generated\n",
                                    "Return-Path: <>\n", "X-Auto-Response-Suppress: All\n"])
def test_machines_get_no_automatic_answer(tmp_path, fields):
    assert read_mail(tmp_path, mail("News of the week", "News", fields=fields))["no_answer"]


def test_noreply_gets_no_automatic_answer(tmp_path):
    assert read_mail(tmp_path, mail("Hi", sender="noreply@example.com"))["no_answer"]


# ---- people --------------------------------------------------------------------------------------------


def test_people_are_answered(tmp_path):
    facts = read_mail(tmp_path, mail("Do you have these boots in green?"))
    assert (facts["kind"], facts["from"], facts["from_name"]) == ("other", "ana@example.com", "Ana Lima")
    assert not facts["no_answer"]
    assert facts["text"] == "Do you have these boots in green?"


@pytest.mark.parametrize("subject", ["Re: Your parcel is delayed", "AW: Delivery failed", "Re: Undeliverable parcel #1001"])
def test_a_customer_who_complains_of_a_delivery_is_no_server(tmp_path, subject):
    body = """My parcel could not be delivered to ana@example.com's house!

From: Shop <hello@shop.example>
Sent: Monday, 2 March 2026 09:00
To: ana@example.com
Subject: Your parcel

It is on its way.
"""
    fields = f"In-Reply-To: <{TOKEN}@shop.example>\nReferences: <first@shop.example> <{TOKEN}@shop.example>\n"
    facts = read_mail(tmp_path, mail(body, subject, fields=fields))
    assert (facts["kind"], facts["reports"]) == ("reply", [])
    assert facts["text"] == "My parcel could not be delivered to ana@example.com's house!"
    assert facts["message_ids"].split()[0] == f"<{TOKEN}@shop.example>"
    assert "Re:" not in facts["subject_of"] and "AW:" not in facts["subject_of"]


INTROS = [
    "On 2 Mar 2026, at 10:00, Shop <hello@shop.example> wrote:",
    "Am 02.03.2026 um 10:00 schrieb Shop <hello@shop.example>:",
    "Le 2 mars 2026 à 10:00, Shop <hello@shop.example> a écrit :",
    "El 2 mar 2026, a las 10:00, Shop <hello@shop.example> escribió:",
    "Il giorno 2 mar 2026, alle ore 10:00, Shop <hello@shop.example> ha scritto:",
    "Op 2 mrt. 2026 om 10:00 schreef Shop <hello@shop.example>:",
    "Em 2 de mar. de 2026, à(s) 10:00, Shop <hello@shop.example> escreveu:",
    "في 2 مارس 2026، كتب Shop <hello@shop.example>:",
    "2 марта 2026 г., в 10:00, Shop <hello@shop.example> написал(а):",
    "2026年3月2日 10:00，Shop <hello@shop.example> 写道：",
    "Dnia 2 mar 2026 o 10:00 Shop <hello@shop.example>\nnapisał(a):",
]
UNKNOWN_WORDS = "ma 2. maalisk. 2026 klo 10.00 Shop (hello@shop.example) kertoi:"


@pytest.mark.parametrize("intro, mark", [(intro, mark) for intro in INTROS for mark in ("> ", "")] + [(UNKNOWN_WORDS, "> ")])
def test_quotation_in_many_languages(tmp_path, intro, mark):
    body = f"Green, please. Größe 42. شكرا\n\n{intro}\n\n{mark}Which colour?\n{mark}\n{mark}Your shop\n"
    assert read_mail(tmp_path, mail(body, "Re: Boots"))["text"] == "Green, please. Größe 42. شكرا"


def test_answers_between_the_lines_are_kept(tmp_path):
    body = "On 2 Mar 2026 Shop wrote:\n> Which colour?\nGreen.\n> Which size?\n42.\n"
    assert read_mail(tmp_path, mail(body, "Re: Boots"))["text"].split() == ["Green.", "42."]


@pytest.mark.parametrize("tail", ["-- \nAna Lima\nSales", "Sent from my iPhone", "Von meinem iPhone gesendet",
                                  "Envoyé de mon iPhone", "Enviado desde mi iPhone", "Get Outlook for iOS"])
def test_signature(tmp_path, tail):
    assert read_mail(tmp_path, mail(f"Green, please.\n\n{tail}\n", "Re: Boots"))["text"] == "Green, please."


def test_html_alone_and_its_charset(tmp_path):
    html = ("<html><head><style>p {color: red}</style></head><body><p>Gr\xfcn, bitte &amp; Gr\xf6\xdfe&nbsp;42</p>"
            "<script>alert(1)</script><div class=\"gmail_quote\">Am 2. M\xe4rz schrieb Shop:<blockquote>Farbe?</blockquote>"
            "</div></body></html>")
    raw = mail("", "Re: Boots", kind="text/html; charset=iso-8859-1").encode() + html.encode("latin-1")
    assert read_mail(tmp_path, raw)["text"] == "Grün, bitte & Größe 42"


def test_files_are_listed(tmp_path):
    body = """--b
Content-Type: text/plain; charset=utf-8

See the picture.
--b
Content-Type: image/jpeg; name="boots.jpg"
Content-Disposition: attachment; filename*=utf-8''St%C3%BCck.jpg
Content-Transfer-Encoding: base64

aGVsbG8=
--b--
"""
    facts = read_mail(tmp_path, mail(body, "Re: Boots", kind="multipart/mixed; boundary=b"))
    assert facts["text"] == "See the picture."
    assert facts["files"] == [{"name": "Stück.jpg", "type": "image/jpeg", "bytes": 5}]


# ---- unsubscribe -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject, to", [("unsubscribe", "hello@shop.example"), ("Hello", f"unsubscribe+{TOKEN}@shop.example"),
                                         ("Re: Unsubscribe", "hello@shop.example"), ("Abmelden", "hello@shop.example")])
def test_unsubscribe_by_mail(tmp_path, subject, to):
    text = mail("", subject).replace("hello@shop.example", to)
    facts = read_mail(tmp_path, text)
    assert (facts["kind"], facts["from"]) == ("unsubscribe", "ana@example.com")
    assert facts["delivered_to"] == [to]


def test_unsubscribe_that_a_mail_program_wrote(tmp_path):
    facts = read_mail(tmp_path, mail("Apple Mail sent this email to unsubscribe from the message.", "unsubscribe",
                                     fields="Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n"))
    assert facts["kind"] == "unsubscribe"


def test_a_letter_about_unsubscribing_is_for_people(tmp_path):
    facts = read_mail(tmp_path, mail("I would like to keep the news, but stop the reminders. " * 8, "Unsubscribe"))
    assert facts["kind"] == "other"


# ---- tokens ----------------------------------------------------------------------------------------------


def test_where_our_token_may_be(tmp_path):
    body = """Sorry, we were unable to deliver your message to the following address.

<forwarded@elsewhere.example>:
550 5.1.1 <forwarded@elsewhere.example>... User unknown

--- Below this line is a copy of the message.

Message-ID: <token@shop.example>
From: hello@shop.example
To: ana@example.com
Subject: Your order
"""
    fields = f"Return-Path: <>\nX-Original-To: bounce+{TOKEN}@bounces.shop.example\n"
    facts = read_mail(tmp_path, mail(body, "Failure Notice", "MAILER-DAEMON@example.com", fields))
    assert facts["delivered_to"][0] == f"bounce+{TOKEN}@bounces.shop.example"
    assert facts["message_ids"] == "<token@shop.example>"
    assert [(r["recipient"], r["hard"]) for r in facts["reports"]] == [("forwarded@elsewhere.example", True)]


def test_original_recipient_comes_first(tmp_path):
    body = """--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Original-Recipient: rfc822; ana@example.com
Final-Recipient: rfc822; ana.lima@work.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.work.example
Diagnostic-Code: smtp; 550 5.1.1 user unknown
--b--
"""
    report = read_mail(tmp_path, mail(body, "Undelivered Mail", "MAILER-DAEMON@mx.example",
                                      kind="multipart/report; report-type=delivery-status; boundary=b"))["reports"][0]
    assert (report["recipient"], report["final"], report["server"]) == (
        "ana@example.com", "ana.lima@work.example", "mx.work.example")
    assert (report["code"], report["enhanced"], report["hard"]) == (550, "5.1.1", True)


@pytest.mark.parametrize("raw", [b"", b"\n", b"no mail at all", b"From nobody\n", b"\x00\xff" * 50])
def test_what_is_no_mail(tmp_path, raw):
    path = tmp_path / "raw"
    path.write_bytes(raw)
    assert read_mail(tmp_path, raw)["error"] == "bad_input"
