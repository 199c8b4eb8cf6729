"""What the command line says to somebody who types it wrongly: the place, the cure, an exit code, and nothing lost."""
import pathlib
import re
import sys

import pytest

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent)]
from driver.server import Server  # noqa: E402


@pytest.fixture(scope="module")
def home():
    with Server() as server:
        ran = server.run("shop", "add", "boots", "--name", "Ana's Boots", "--zone", "Europe/Lisbon")
        assert ran.returncode == 0 and "Ana's Boots, EUR, Europe/Lisbon, en" in ran.stdout, ran
        yield server


def said(home, *words):
    ran = home.run(*words)
    return ran.returncode, ran.stdout + ran.stderr


# ---- finding one's way ---------------------------------------------------------------------------------------------

def test_help_of_each_verb_names_its_forms_line_by_line(home):
    code, text = said(home, "help")
    verbs = re.findall(r"^  ([a-z-]+) ", text, re.M)
    assert code == 0 and len(verbs) > 20
    for verb in verbs:
        for asked in ((verb, "--help"), (verb, "-h")):
            code, text = said(home, *asked)
            assert code == 0 and f"postlude {verb}" in text, asked
            assert not re.search(rf"postlude {verb} \[OPTION.*\] {verb}", text), "the verb stands there twice"


@pytest.mark.parametrize("words, signs", [
    (["shp"], ["no verb 'shp'", "did you mean shop?"]),
    (["send_tst"], ["did you mean send-test?"]),
    (["shop", "ad", "x"], ["did you mean add?", "postlude shop add SLUG"]),
    (["shop", "add"], ["the shop's short name"]),
    (["shop", "set", "boots"], ["KEY=VALUE", "list settings"]),
    (["key"], ["init, dkim or api"]),
    (["key", "api"], ["--name and --scopes"]),
    (["key", "api", "boots", "--name", "Till", "--scopes", "all", "--days", "soon"], ["--days is a number of days"]),
    (["key", "api", "boots", "--name", "Till", "--scopes", "all", "--days", "9223372036854775807"], ["--days is a number of days"]),
    (["list", "setings"], ["did you mean settings?"]),
    (["map", "try", "x.json", "--map", "nope"], ["neither a ready map", "list maps"]),
    (["shop", "add", "boots"], ["there is a shop boots already", "shop set"]),
    (["shop", "show", "boot"], ["there are: boots"]),
])
def test_what_is_typed_wrongly_is_named_with_its_cure(home, words, signs):
    code, text = said(home, *words)
    assert code != 0
    for sign in signs:
        assert sign in text, text


# ---- settings --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("word, sign", [
    ("naem=x", "did you mean name?"),
    ("country=PT", "did you mean shop.country?"),
    ("smtp.ulr=x", "did you mean smtp.url?"),
    ("xyzzy=x", "list settings"),
    ("slug=x", "stays"),
    ("locale=english", "no language tag"),
    ("locale=en-", "no language tag"),
    ("shop.country=UK", "is GB"),
    ("shop.country=XX", "there is no country XX"),
    ("poll.every=5", "1m to 1d"),
    ("poll.every=1s", "1m to 1d"),
    ("keep.bodies_days=abc", "a number of days"),
    ("keep.bodies_days=-1", "a number of days"),
    ("bounces.soft_days=0", "from 1 to"),
    ("privacy.hold_years=ten", "a number of years"),
    ("api.per_minute=0", "from 1 to"),
    ("demo=maybe", "yes or no"),
    ("smtp.ca_file=/nope.pem", "there is no file /nope.pem"),
    ("mailbox.ca_file=ca.pem", "from the root on"),
    ("shopify.shop=anas-boots", "anas-boots.myshopify.com"),
    ("shopify.shop=https://admin.shopify.com/store/anas-boots", "anas-boots.myshopify.com"),
    ("shopify.api_version=latest", "2026-01"),
    ("shopify.api_version=2026-13", "2026-01"),
    ("woocommerce.url=shop.example.com", "https://"),
    ("order_mail.from=shop.example, not a domain!", "is no domain"),
    ("order_mail.from=orders@", "order_mail.from"),
    ("order_mail.authority=mx one", "one name"),
    ('generic.map={"orders":{"id":"/id","placed_at":"/at","payment":{"at":"/s","words":{"ok":"payed"}}}}', "none of pending"),
    ('generic.map={"orders":{"id":"/id","placed_at":"/at","shipments":{"each":"/b","id":"/n","state":"=sent"}}}', "in_transit"),
    ('generic.map={"orders":{"id":"/id","placed_at":"/at","shipments":{"each":"/b","id":"/n","lines":{"each":"/l","skku":"/s"}}}}',
     "no such field"),
])
def test_a_wrong_value_is_refused_and_changes_nothing(home, word, sign):
    before = said(home, "shop", "show", "boots")
    code, text = said(home, "shop", "set", "boots", "contact=Somebody else", word)
    assert code == 2 and sign in text, text
    assert said(home, "shop", "show", "boots") == before


@pytest.mark.parametrize("word", ["shopify.shop=anas-boots.myshopify.com", "shopify.shop=https://anas-boots.myshopify.com",
                                  "shopify.api_version=2026-07", "woocommerce.url=https://shop.example.com",
                                  "order_mail.from=shop.example, orders@shop.example", "order_mail.authority=mx.example.com",
                                  "smtp.ca_file=/etc/ssl/certs/ca-certificates.crt", "shop.country=GB", "poll.every=1h30m"])
def test_a_right_value_is_taken(home, word):
    code, text = said(home, "shop", "set", "boots", word)
    assert code == 0, text


def test_an_empty_value_is_the_usual_one(home):
    for key in ("poll.every", "keep.bodies_days", "demo", "shop.country"):
        assert said(home, "shop", "set", "boots", f"{key}=")[0] == 0


# ---- people ----------------------------------------------------------------------------------------------------------

def test_a_second_link_makes_no_owner_a_viewer(home):
    assert "is owner of every shop" in said(home, "user", "add", "ana@example.com", "--role", "owner")[1]
    assert "is owner of every shop" in said(home, "user", "add", "ana@example.com")[1]
    assert "is viewer of every shop" in said(home, "user", "add", "bea@example.com")[1]
    assert "is viewer of every shop" in said(home, "user", "add", "ana@example.com", "--role", "viewer")[1]


def test_with_several_shops_a_list_asks_which():
    with Server() as server:
        said(server, "shop", "add", "one")
        assert said(server, "list", "orders")[0] == 0
        said(server, "shop", "add", "two")
        code, text = said(server, "list", "orders")
        assert code == 2 and "--shop" in text
        assert said(server, "list", "orders", "--shop", "two")[0] == 0


# ---- tables ----------------------------------------------------------------------------------------------------------

HEADER = "Name,Id,Email,Created at,Total,Lineitem quantity,Lineitem name,Lineitem price\n"


@pytest.mark.parametrize("content, sign", [
    (b"PK\x03\x04" + bytes(100), "save it as CSV"),
    (b"\xd0\xcf\x11\xe0" + bytes(100), "save it as CSV"),
    (b"\x1f\x8b" + bytes(100), "gunzip"),
    (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
    (b"Customer ID,First Name,Last Name,Email,Accepts Email Marketing\n7,Ana,M,a@example.com,yes\n",
     "--format shopify-customers"),
    (HEADER.replace("Created at", "Creatd at").encode(), "did you mean 'Creatd at'?"),
])
def test_what_is_no_such_table_says_what_it_is(home, tmp_path, content, sign):
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    code, text = said(home, "import", "--shop", "boots", "--format", "shopify-orders", str(path))
    assert code == 2 and sign in text, text


def test_a_dry_run_names_no_file_that_it_did_not_write(home, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(HEADER + "#1,1,a@example.com,02.01.2026,5,1,Boots,5\n")
    code, text = said(home, "import", "--shop", "boots", "--format", "shopify-orders", "--dry-run", str(path))
    assert code == 0 and "1 record read" in text and ".rejects" not in text
    assert "Rejected: line 2: Created at:" in text, "the line is named once"
    assert [found.name for found in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize("line, sign", [
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","emial":"a@example.com"}', "did you mean email?"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","email":["a@example.com"]}', "email: here stands a value"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","lines":{"title":"x"}}', "lines: here stands a list"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","shipment":[{"id":"s"}]}', "shipment is no field"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","shipments":[{"id":"s","stat":"delivered"}]}', "shipments/0/stat"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","shipments":[{"id":"s","state":"sent"}]}', "in_transit"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","shipments":[{"id":"s","parcels":[{"nummer":"1"}]}]}',
     "shipments/0/parcels/0/nummer"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","refunds":[{"id":"r","amount":"-5"}]}', "without a minus"),
    ('{"id":"1","placed_at":"2026-01-02T10:00:00Z","refunds":{"id":"r","amount":"5"}}', "refunds: here stands a list"),
])
def test_a_slip_in_our_own_words_loses_no_fact(home, tmp_path, line, sign):
    path = tmp_path / "orders.jsonl"
    path.write_text(line + "\n")
    text = said(home, "import", "--shop", "boots", "--format", "postlude-orders", "--dry-run", str(path))[1]
    assert "1 rejected" in text and sign in text, text


def test_numbers_and_letters_of_parts_are_both_taken(home, tmp_path):
    path = tmp_path / "orders.jsonl"
    path.write_text('{"id":1,"placed_at":"2026-01-02T10:00:00Z","lines":[{"id":7,"title":"x","price":5}],'
                    '"shipments":[{"id":3,"state":"delivered","lines":[{"line_id":7,"quantity":"2.0"}],"name":""}],'
                    '"refunds":[{"id":4,"amount":2.5,"lines":[{"line_id":7,"quantity":"1","amount":"2.5"}]}]}\n')
    text = said(home, "import", "--shop", "boots", "--format", "postlude-orders", str(path))[1]
    assert "1 new" in text, text
    assert home.rows("SELECT foreign_id, state FROM shipment") == [("3", "delivered")]
    assert home.rows("SELECT foreign_id, amount FROM refund") == [("4", 250)]


# ---- maps ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("spec, sign", [
    ('"subtotal": {"sum": "/a"}', "are lists"),
    ('"subtotal": {"sum": ["/a"], "minus": ["/b"]}', "are lists"),
    ('"subtotal": {"sum": [{"sum": ["/a"]}]}', "a sum of sums"),
    ('"subtotal": {"first": [{"sum": ["/a"]}]}', "stands alone"),
    ('"name": {"sum": ["/a"]}', "only amounts"),
])
def test_a_sum_that_is_none_is_named(home, spec, sign):
    code, text = said(home, "shop", "set", "boots", 'generic.map={"orders":{"id":"/id",' + spec + "}}")
    assert code == 2 and sign in text, text


def test_sums_and_digits_of_another_program(home, tmp_path):
    document, table = tmp_path / "order.json", tmp_path / "map.json"
    table.write_text('{"amounts":"minor","digits":{"ISK":2},"orders":{"id":"/id","placed_at":"/at","currency":"/in",'
                     '"subtotal":{"sum":["/a","/b"],"less":["/c","/none"]},"total":"/a","fees":{"sum":["/none"]}}}')
    for currency, shown in (("ISK", "13 ISK"), ("EUR", "13.00 EUR"), ("JPY", "1300 JPY"), ("KWD", "1.300 KWD")):
        document.write_text('{"id":1,"at":"2026-01-02T10:00:00Z","in":"%s","a":1000,"b":500,"c":200}' % currency)
        code, text = said(home, "map", "try", str(document), "--map", str(table))
        assert code == 0 and re.search(rf"order.subtotal +{shown}$", text, re.M), text
        assert "order.fees" not in text
    document.write_text('{"id":1,"at":"2026-01-02T10:00:00Z","in":"EUR","a":1000,"b":"many"}')
    code, text = said(home, "map", "try", str(document), "--map", str(table))
    assert code == 2 and "subtotal" in text and "'many' is no whole number of cents" in text
