"""What stands in the mails: tried, looked at, used, taken back; and what must not happen on the way."""
import html
import json
import re
import sqlite3
import urllib.parse

import pytest
import staff
from driver import shopify
from driver.server import Server

BASE = "/s/demo/settings/mails"
CONFIRMATION = f"{BASE}/order_confirmation"
VECTOR = '"><img src=x onerror=hit()><script>hit()</script>'


@pytest.fixture
def shop(stage):
    """The stage with nothing chosen, without a mail server, and one order."""
    stage.server.cli("shop", "set", "demo", "mail.sections=", "mail.sections_draft=", "smtp.url=", "receipt.shipped=")
    body = shopify.fixture("shopify/order_1001.json")
    assert stage.scene.post("/in/demo/shopify", body, "orders/create", "mails-1001", "demo", {}).status == 200
    stage.scene.live.control("work", seconds=60)
    return stage


def setting(shop, key):
    return dict(shop.server.rows("SELECT key, value FROM setting WHERE shop = 1")).get(key, "")


def fill(shop, path=CONFIRMATION, do="try", **values):
    return shop.owner.get(path).form(path, **{"do": do} | {key: value for key, value in values.items()})


def frame(shop, page):
    source = html.unescape(re.search(r'<iframe[^>]* src="([^"]*)"', page.html)[1])
    return shop.owner.get(source)


def next_mail(shop, name):
    """The words that a customer gets who orders now."""
    body = json.loads(shopify.fixture("shopify/order_1001.json"))
    number = 610000 + len(shop.server.rows("SELECT id FROM orders"))
    body["id"], body["order_number"], body["name"] = number, number, name
    raw = json.dumps(body).encode()
    assert shop.scene.post("/in/demo/shopify", raw, "orders/create", f"next-{number}", "demo", {}).status == 200
    shop.scene.live.control("work", seconds=60)
    number = shop.server.rows("SELECT id FROM message ORDER BY id DESC LIMIT 1")[0][0]
    return shop.server.http("GET", f"/dev/mail/{number}/html").text


# ---- trying and using --------------------------------------------------------------------------------------


def test_every_mail_is_there_with_its_preview(shop):
    listed = shop.owner.get(BASE)
    links = sorted({link for link in listed.links() if link.startswith(BASE + "/")})
    assert len(links) == 12 and f"{BASE}/all" in links
    for link in links:
        page = shop.owner.get(link)
        assert page.status == 200 and "Its sections, in order" in page.words or link.endswith("/all")
        for part in ("html", "text"):
            seen = frame(shop, shop.owner.get(f"{link}?part={part}&language=de"))
            assert seen.status == 200 and ("{{" not in seen.html) and len(seen.words) > 100, link


def test_what_is_tried_is_seen_and_not_sent_until_it_is_used(shop):
    tried = fill(shop, **{"items.title": "Your things"})
    assert "Not in use yet" in tried.words and "Your things" in frame(shop, tried).words
    assert "Your things" not in next_mail(shop, "#T1")
    assert "Not in use yet" in shop.owner.get(BASE).words
    used = fill(shop, do="save")
    assert "In use. Mails that are written from now on look like this." in used.words
    assert "Not in use yet" not in used.words and setting(shop, "mail.sections_draft") == ""
    assert "Your things" in next_mail(shop, "#T2")


def test_one_mail_is_used_and_the_other_is_still_tried(shop):
    fill(shop, f"{BASE}/shipped", **{"button.label": "Where is it"})
    fill(shop, do="save", **{"button.label": "See it"})
    assert json.loads(setting(shop, "mail.sections")) == {
        "order_confirmation": {"settings": {"button": {"label": "See it"}}}}
    assert "shipped" in json.loads(setting(shop, "mail.sections_draft"))
    back = fill(shop, f"{BASE}/shipped", do="discard", **{"button.label": "typed and dropped"})
    assert "as it was before you tried" in back.words and setting(shop, "mail.sections_draft") == ""


def test_words_for_one_language_and_for_the_others(shop):
    fill(shop, do="save", **{"items.title": "Your things", "items.title.de": "Ihre Sachen"})
    assert json.loads(setting(shop, "mail.sections"))["order_confirmation"]["settings"]["items"] == {
        "title": {"de": "Ihre Sachen", "other": "Your things"}}
    for language, words in (("de", "Ihre Sachen"), ("fr", "Your things"), ("ar", "Your things")):
        for part in ("html", "text"):
            assert words in shop.owner.get(f"{CONFIRMATION}/{part}?language={language}").words
    again = dict(shop.owner.get(CONFIRMATION).forms())[CONFIRMATION]
    assert again["items.title"] == "Your things" and again["items.title.de"] == "Ihre Sachen"


def test_sections_move_and_go_and_come_back(shop):
    moved = fill(shop, do="up.totals")
    assert moved.path.endswith("#section-totals")
    text = frame(shop, moved).words
    assert text.index("Subtotal") < text.rindex("What you ordered")
    off = dict(moved.forms())[CONFIRMATION]
    del off["addresses.on"]
    page = shop.owner.post(CONFIRMATION, off | {"do": "save"})
    assert "In use" in page.words and "It goes to" not in frame(shop, page).words
    assert json.loads(setting(shop, "mail.sections"))["order_confirmation"]["off"] == ["addresses"]
    back = fill(shop, do="usual.addresses")
    assert "It goes to" in frame(shop, back).words
    down = fill(shop, do="down.totals")
    assert down.status == 200
    fill(shop, do="save")
    assert setting(shop, "mail.sections") == "", "all is as it comes, so nothing is chosen"


def test_what_counts_for_all_is_told_and_can_be_overruled(shop):
    fill(shop, f"{BASE}/all", do="save", **{"items.title": "In all of them", "note.frame": "line"})
    page = shop.owner.get(CONFIRMATION)
    assert "As in all mails: “ In all of them ”" in page.words.replace("“In", "“ In").replace("them”", "them ”")
    assert "In all of them" in frame(shop, page).words
    own = fill(shop, do="save", **{"items.title": "Here"})
    assert "Here" in frame(shop, own).words and "In all of them" not in frame(shop, own).words


def test_looked_at_in_the_dark_on_a_computer_and_as_text(shop):
    page = fill(shop, width="wide", light="dark", part="html", language="fr")
    assert "editor wide" in page.html and "prefers-color-scheme" not in frame(shop, page).html
    assert "Merci" in frame(shop, page).words
    light = frame(shop, shop.owner.get(f"{CONFIRMATION}?light=light"))
    assert "@media not all" in light.html and "color-scheme: light; } a { pointer-events: none; }" in light.html
    text = frame(shop, fill(shop, part="text", language="en"))
    assert "What you ordered" in text.words and "<td" not in text.html


def test_a_shop_without_orders_sees_an_order_that_nobody_placed(stage):
    page = stage.stranger.get("/s/other/settings/mails/refunded")
    assert "With an order that nobody placed" in page.words
    assert "#1001" in stage.stranger.get("/s/other/settings/mails/shipped/html").words


# ---- wrong input -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field, value, says", [
    ("head.ground", "reddish", "A colour is written like #1d4f91."),
    ("items.title", "x" * 300, "longer than"),
    ("note.text.fr", "x" * 5000, "longer than"),
])
def test_what_is_wrong_is_told_beside_its_field_and_kept(shop, field, value, says):
    page = fill(shop, do="save", **{field: value, "button.label": "Kept"})
    assert page.status == 422 and f'id="{field}-wrong"' in page.html and says in page.words
    fields = dict(page.forms())[CONFIRMATION]
    assert fields["button.label"] == "Kept" and fields[field].strip().startswith(value[:40])
    assert setting(shop, "mail.sections") == "" and setting(shop, "mail.sections_draft") == ""


def test_two_editors_see_each_other(shop):
    page = shop.owner.get(CONFIRMATION)
    shop.server.cli("shop", "set", "demo", "contact=Call us")
    late = page.form(CONFIRMATION, do="save", **{"items.title": "Mine"})
    assert late.status == 422 and "Somebody else changed the settings" in late.words
    assert dict(late.forms())[CONFIRMATION]["items.title"] == "Mine"
    assert late.form(CONFIRMATION, do="save").status == 200


@pytest.mark.parametrize("fields", [{"order": "items,items,totals"}, {"order": "nothing,of,it"}, {"do": "up.nobody"},
                                    {"do": "usual.foot"}, {"do": ""}, {"language": "../../etc", "width": "<b>"}])
def test_a_form_that_no_page_sent_changes_no_mail(shop, fields):
    page = shop.owner.get(CONFIRMATION).form(CONFIRMATION, **{"do": "try"} | fields)
    assert page.status in (200, 422) and setting(shop, "mail.sections") == ""
    assert "<b>" not in page.html and "etc" not in page.path


@pytest.mark.parametrize("path", ["nothing", "all/html", "../live", "order_confirmation/html/x", "sections/head"])
def test_what_is_no_mail_is_not_there(shop, path):
    assert shop.owner.get(f"{BASE}/{path}").status in (404, 200 if path == "../live" else 404)


def test_what_this_version_cannot_use_is_told_and_can_be_set_anew():
    """An older version took it: the mails leave as they come, and the page says why."""
    with Server() as server:
        server.start()
        server.cli("shop", "add", "demo")
        owner = staff.owner(server)
        server.stop()
        db = sqlite3.connect(server.data / "postlude.db")
        db.execute("INSERT INTO setting (shop, key, at, value) VALUES (1, 'mail.sections', 0, ?)",
                   ('{"order_confirmation": {"off": ["gone"]}}',))
        db.commit()
        db.close()
        server.start()
        owner.port = server.port
        for path in (BASE, CONFIRMATION):
            page = owner.get(path)
            assert page.status == 200 and "cannot be used by this version" in page.words and "'gone'" in page.words
        assert "What you ordered" in owner.get(f"{CONFIRMATION}/html").words
        used = owner.get(CONFIRMATION).form(CONFIRMATION, **{"do": "save", "items.title": "Anew"})
        assert "In use" in used.words and "cannot be used" not in used.words


# ---- what must not be --------------------------------------------------------------------------------------


def test_a_viewer_looks_and_cannot_change(shop):
    page = shop.viewer.get(CONFIRMATION)
    assert page.status == 200 and "Use it from now on" not in page.words and 'method="get"' in page.html
    assert shop.viewer.get(f"{CONFIRMATION}/html").status == 200
    refused = shop.viewer.post(CONFIRMATION, {"token": shop.viewer.token(), "do": "save", "items.title": "Mine"})
    assert refused.status == 403 and setting(shop, "mail.sections") == ""


def test_no_token_no_change(shop):
    fields = dict(shop.owner.get(CONFIRMATION).forms())[CONFIRMATION] | {"do": "save", "items.title": "Forged"}
    for token in ("", "x" * 43, shop.stranger.token()):
        assert shop.owner.post(CONFIRMATION, fields | {"token": token}).status == 403
    assert setting(shop, "mail.sections") == ""


def test_the_frame_runs_loads_and_sends_nothing(shop):
    seen = shop.owner.get(f"{CONFIRMATION}/html")
    policy = seen.header("Content-Security-Policy")
    for rule in ("default-src 'none'", "sandbox", "frame-ancestors 'self'", "form-action 'none'"):
        assert rule in policy, policy
    assert "allow-" not in policy and "script" not in policy
    assert re.search(r"<iframe [^>]*sandbox></iframe>", shop.owner.get(CONFIRMATION).html)
    page = shop.server.rows("SELECT count(*) FROM message")
    shop.owner.get(f"{CONFIRMATION}?language=de&done=saved&shown=shipped")
    assert shop.server.rows("SELECT count(*) FROM message") == page


def test_a_sample_holds_no_key_to_a_customers_page(shop):
    for part in ("html", "text"):
        seen = shop.owner.get(f"{CONFIRMATION}/{part}").html
        assert not re.search(r"/[opcu]/[\w~.-]{20,}", seen)


def test_every_setting_may_hold_markup(shop):
    """Stored XSS through every setting of every mail: on the page, in the frame, in both parts of a mail."""
    tried = 0
    for link in sorted({one for one in shop.owner.get(BASE).links() if one.startswith(BASE + "/")}):
        fields = dict(shop.owner.get(link).forms())[link]
        texts = {name: VECTOR for name in fields if "." in name and name.rsplit(".", 1)[-1] != "on"
                 and name not in ("head.ground", "note.frame", "parcel.contents")}
        page = shop.owner.post(link, fields | texts | {"do": "save", "language": "en"})
        assert page.status == 200 and "In use" in page.words, page.words
        tried += len(texts)
        for seen in (page, shop.owner.get(BASE), frame(shop, page), frame(shop, shop.owner.get(link + "?part=text"))):
            assert "<img src=x" not in seen.html and "<script>hit" not in seen.html
    assert tried > 200, tried
    sent = next_mail(shop, "#X1")
    assert "onerror" in sent and "<img src=x" not in sent and "<script>hit" not in sent


# ---- one's own mailbox ---------------------------------------------------------------------------------------


def test_a_test_goes_to_who_asks_through_the_shops_server_as_it_is_tried(shop):
    assert "Send it to me" not in shop.owner.get(CONFIRMATION).words
    shop.server.cli("shop", "set", "demo", f"smtp.url={shop.scene.sink('sink').url}")
    tried = fill(shop, **{"items.title": "Only tried", "language": "en"})
    before, rows = len(shop.scene.mails), shop.server.rows("SELECT count(*) FROM message")
    sent = tried.form(f"{CONFIRMATION}/test", address="stranger@example.com")
    assert "The server has taken it. Look for it at ana@example.com." in sent.words, sent.words
    mail, = shop.scene.mails[before:]
    assert mail.recipients == ["ana@example.com"] and mail.subject.startswith("Test: Order")
    assert "Only tried" in mail.part("html") and "Only tried" in mail.part("plain")
    assert shop.server.rows("SELECT count(*) FROM message") == rows
    shop.server.cli("shop", "set", "demo", "smtp.url=smtp://127.0.0.1:9")
    failed = shop.owner.get(CONFIRMATION).form(f"{CONFIRMATION}/test")
    assert failed.status == 422 and "did not take it" in failed.words or "was not sent" in failed.words
    assert dict(failed.forms())[CONFIRMATION]["items.title"] == "Only tried"


def test_another_shops_mails_are_not_there(shop):
    for path in ("", "/all", "/order_confirmation", "/order_confirmation/html", "/order_confirmation/text"):
        assert shop.stranger.get(BASE + path).status == 404
    fields = {"token": shop.stranger.token(), "do": "save", "items.title": "Theirs"}
    for path in (CONFIRMATION, f"{CONFIRMATION}/test"):
        assert shop.stranger.post(path, fields).status == 404
    assert urllib.parse.urlsplit(BASE).path and setting(shop, "mail.sections") == ""
