"""fake_shop.py - Shopify's and WooCommerce's APIs on loopback, as far as we ask them; they misbehave when told to.

Written from the vendors' pages, not from our code: what is asked for wrongly gets the answer that they would give.
"""

import base64
import datetime
import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fake_graphql


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class FakeShop:
    """Orders, the requests that came, and answers to give out of turn: a list of (status, headers, body)."""

    def __init__(self):
        self.orders, self.asked, self.instead, self.hooks = [], [], [], []
        self.instead_of = "orders"  # the part of an address that gets them
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.answer()

            def do_POST(self):
                self.answer()

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                url = urllib.parse.urlsplit(self.path)
                query = dict(urllib.parse.parse_qsl(url.query))
                fake.asked.append((self.command, url.path, query))
                status, headers, said = (fake.instead.pop(0) if fake.instead and fake.instead_of in url.path else
                                         fake.reply(self.command, url.path, query, self.headers, body))
                said = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def paths(self, part):
        return [query for _, path, query in self.asked if part in path]


def gid(kind, number):
    return f"gid://shopify/{kind}/{number}"


def camel(words, kind, *wanted):
    """Members of a REST object under their GraphQL names: first_name is firstName."""
    one = {re.sub("_(.)", lambda found: found[1].upper(), key): words.get(key) for key in wanted}
    return one | {"id": gid(kind, words.get("id"))}


def postal(rest):
    if not rest:
        return None
    return camel(rest, "MailingAddress", "first_name", "last_name", "name", "company", "address1", "address2", "city",
                 "province", "province_code", "country", "zip", "phone") | {"countryCodeV2": rest.get("country_code")}


def upper(word):
    return word.upper() if word else word


def customer(rest):
    mail, text = rest.get("email_marketing_consent"), rest.get("sms_marketing_consent")
    one = camel(rest, "Customer", "first_name", "last_name", "locale", "note", "created_at", "updated_at", "email", "phone")
    one |= {"tags": [tag for tag in (rest.get("tags") or "").split(", ") if tag],
            "defaultAddress": postal(rest.get("default_address")),
            "addressesV2": [postal(address) for address in rest.get("addresses") or []]}
    if rest.get("email"):
        mail = mail or {"state": "not_subscribed", "opt_in_level": "single_opt_in"}
        one["defaultEmailAddress"] = {
            "emailAddress": rest["email"], "marketingState": upper(mail["state"]),
            "marketingOptInLevel": upper(mail["opt_in_level"]), "marketingUpdatedAt": mail.get("consent_updated_at")}
    if rest.get("phone"):
        text = text or {"state": "not_subscribed", "opt_in_level": "single_opt_in"}
        one["defaultPhoneNumber"] = {
            "phoneNumber": rest["phone"], "marketingState": upper(text["state"]),
            "marketingOptInLevel": upper(text["opt_in_level"]), "marketingUpdatedAt": text.get("consent_updated_at"),
            "marketingCollectedFrom": text.get("consent_collected_from")}
    return one


UNITS = {"g": "GRAMS", "kg": "KILOGRAMS", "oz": "OUNCES", "lb": "POUNDS"}


def variant(rest, images):
    one = camel(rest, "ProductVariant", "sku", "title", "barcode", "price", "updated_at")
    weight = {"unit": UNITS.get(rest.get("weight_unit"), "GRAMS"), "value": rest.get("weight") or 0}
    return one | {"image": {"url": images[rest["image_id"]]} if rest.get("image_id") in images else None,
                  "inventoryItem": {"requiresShipping": rest.get("requires_shipping", True),
                                    "measurement": {"weight": weight}}}


def product(rest):
    images = {image["id"]: image["src"] for image in rest.get("images") or []}
    one = camel(rest, "Product", "title", "vendor", "product_type", "handle", "published_at", "updated_at")
    return one | {"tags": [tag for tag in (rest.get("tags") or "").split(", ") if tag], "status": upper(rest["status"]),
                  "featuredMedia": {"preview": {"image": {"url": rest["image"]["src"]}}} if rest.get("image") else None,
                  "variants": [variant(one, images) for one in rest["variants"]]}


def carrier_word(rest):
    one = camel(rest, "FulfillmentEvent", "happened_at", "created_at", "message", "city", "province", "country", "zip",
                "estimated_delivery_at")
    return one | {"status": upper(rest["status"])}


class FakeShopify(FakeShop):
    CLIENT, SECRET = "client-17", "shpss_hush"
    QUERY = re.compile(r"(updated_at|occurred_at):>='([^']+)'")

    def __init__(self):
        super().__init__()
        self.tokens, self.made, self.calls = set(), 0, "1/40"
        self.scopes = ["read_orders", "read_customers", "read_products", "write_fulfillments", "read_customer_merge"]
        self.hidden = []  # (path, message), of what connecting looks at
        self.hidden_fields = {}  # (type, field): message
        self.products, self.customers = [], []  # as webhooks tell them
        self.words, self.deleted = [], []  # fulfillment_events; (id of a product, when)
        self.points, self.queries = None, []  # what is left in the bucket, None: it is always full; what was asked

    def reply(self, method, path, query, headers, body):
        if path == "/admin/oauth/access_token":
            return self.token(dict(urllib.parse.parse_qsl(body.decode())))
        if headers.get("X-Shopify-Access-Token") not in self.tokens:
            return 401, {}, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        if path.endswith("/orders.json") and path.startswith("/admin/api/20"):
            return self.page(path, query)
        if path.endswith("/graphql.json") and path.startswith("/admin/api/20") and method == "POST":
            return 200, {}, self.graphql(json.loads(body))
        return 404, {}, {"errors": "Not Found"}

    def token(self, form):
        if form != {"grant_type": "client_credentials", "client_id": self.CLIENT, "client_secret": self.SECRET}:
            return 400, {}, {"error": "application_cannot_be_found"}
        self.made += 1
        self.tokens = {f"shpat_{self.made}"}
        return 200, {}, {"access_token": f"shpat_{self.made}", "scope": ",".join(self.scopes), "expires_in": 86399}

    def page(self, path, query):
        limit = int(query.get("limit", 50))
        if "page_info" in query:
            if set(query) - {"page_info", "limit", "fields"}:
                return 400, {}, {"errors": {"page_info": "Invalid value."}}
            since, start = json.loads(base64.urlsafe_b64decode(query["page_info"]))
        else:
            assert query["status"] == "any" and query["order"] == "updated_at asc", query
            since, start = query["updated_at_min"], 0
        found = sorted((order for order in self.orders if moment(order["updated_at"]) >= moment(since)),
                       key=lambda order: moment(order["updated_at"]))
        headers = {"X-Shopify-Shop-Api-Call-Limit": self.calls}
        if start + limit < len(found):
            page_info = base64.urlsafe_b64encode(json.dumps([since, start + limit]).encode()).decode()
            headers["Link"] = f'<{self.url}{path}?limit={limit}&page_info={page_info}>; rel="next"'
        return 200, headers, {"orders": found[start:start + limit]}

    # ---- GraphQL

    def graphql(self, asked):
        if "webhookSubscriptionCreate" in asked["query"]:
            hook = asked["variables"]
            self.hooks.append(hook)
            return {"data": {"webhookSubscriptionCreate": {"userErrors": []}}}
        tree = fake_graphql.Reader(asked["query"], asked.get("variables") or {}).document()
        self.queries.append((tree[0][1], asked.get("variables") or {}))
        try:
            points = fake_graphql.cost(tree, "Query")
        except KeyError as wrong:
            return {"errors": [{"message": f"Field {wrong} doesn't exist"}]}
        bucket = {"maximumAvailable": 2000.0, "currentlyAvailable": 2000 if self.points is None else self.points,
                  "restoreRate": 100.0}
        costs = {"cost": {"requestedQueryCost": points, "actualQueryCost": None, "throttleStatus": bucket}}
        if points > fake_graphql.COST_MOST:
            return {"errors": [{"message": f"Query cost is {points}, which exceeds the single query max cost limit (1000).",
                                "extensions": {"code": "MAX_COST_EXCEEDED"}}]}
        if points > bucket["currentlyAvailable"]:
            return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": costs}
        answer = fake_graphql.Answer(self.hidden_fields)
        try:
            data = answer.object(self.root(), tree, "Query", [])
        except fake_graphql.Refused as refused:
            return {"errors": [refused.said]}
        if any(value is None for key, value in data.items() if key == "page"):
            data = None  # a list that must not be null takes all with it
        errors = answer.errors + [{"message": message, "path": path, "extensions": {"code": "ACCESS_DENIED"}}
                                  for path, message in self.hidden if "currentAppInstallation" in (data or {})]
        return {"data": data, "extensions": costs} | ({"errors": errors} if errors else {})

    def since(self, rows, member):
        def found(arguments):
            assert "query" not in arguments or self.QUERY.fullmatch(arguments["query"]), arguments
            asked = self.QUERY.fullmatch(arguments["query"]) if "query" in arguments else None
            assert not asked or asked[1] == ("occurred_at" if member == "occurredAt" else "updated_at"), arguments
            after = moment(asked[2]) if asked else moment("2000-01-01T00:00:00Z")
            return sorted((row for row in rows if moment(row[member]) >= after), key=lambda row: moment(row[member]))
        return found

    def order(self, rest):
        shipments = [{"id": gid("Fulfillment", one["id"]),
                      "events": sorted((carrier_word(word) for word in self.words if word["fulfillment_id"] == one["id"]),
                                       key=lambda word: moment(word["happenedAt"]))}
                     for one in rest.get("fulfillments") or []]
        return camel(rest, "Order", "updated_at", "email", "phone") | {"fulfillments": shipments}

    def root(self):
        products = [product(one) for one in self.products]
        return {
            "customers": self.since([customer(one) for one in self.customers], "updatedAt"),
            "products": self.since(products, "updatedAt"),
            "product": lambda arguments: next((one for one in products if one["id"] == arguments["id"]), None),
            "orders": self.since([self.order(one) for one in self.orders], "updatedAt"),
            "deletionEvents": self.since([{"occurredAt": at, "subjectId": gid("Product", number), "subjectType": "PRODUCT"}
                                          for number, at in self.deleted], "occurredAt"),
            "currentAppInstallation": {"accessScopes": [{"handle": one} for one in self.scopes]},
            "webhookSubscriptions": self.hooks,
        }


class FakeWooCommerce(FakeShop):
    KEY, SECRET = "ck_17", "cs_hush"

    def __init__(self):
        super().__init__()
        self.products, self.coupons, self.customers = [], [], []
        self.variations = {}  # by the product

    def reply(self, method, path, query, headers, body):
        right = base64.b64encode(f"{self.KEY}:{self.SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {right}":
            return 401, {}, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.",
                             "data": {"status": 401}}
        path = path.removeprefix("/wp-json/wc/v3/")
        if path in ("orders", "products", "coupons"):
            return self.page(getattr(self, path), query, path)
        if path == "customers":
            assert "modified_after" not in query and query["orderby"] == "id" and query["order"] == "asc", query
            return self.cut(sorted(self.customers, key=lambda one: one["id"]), query)
        if path.startswith("products/") and path.endswith("/variations"):
            number = int(path.split("/")[1])
            if number not in {one["id"] for one in self.products}:
                return 404, {}, {"code": "woocommerce_rest_product_invalid_id", "message": "Invalid ID.",
                                 "data": {"status": 404}}
            return self.cut(self.variations.get(number, []), query)
        if path == "webhooks" and method == "POST":
            self.hooks.append(json.loads(body))
            return 201, {}, self.hooks[-1]
        if path == "webhooks":
            return 200, {}, self.hooks
        return 404, {}, {"code": "rest_no_route", "message": "No route was found"}

    def cut(self, rows, query):
        count, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        if not 0 < count <= 100:
            return 400, {}, {"code": "rest_invalid_param", "message": "Invalid parameter(s): per_page"}
        return 200, {"X-WP-Total": str(len(rows))}, rows[(page - 1) * count:page * count]

    def page(self, rows, query, noun):
        status = query.get("status", "any")
        if noun == "coupons":
            assert "status" not in query
        # "any" leaves the bin out.
        found = [one for one in rows if (one.get("status") == "trash") == (status == "trash")]
        if "modified_after" in query:
            assert query["dates_are_gmt"] == "true" and query["orderby"] == "modified" and query["order"] == "asc"
            after = moment(query["modified_after"]).replace(microsecond=0)
            found = sorted((one for one in found if moment(one["date_modified_gmt"] + "Z") > after),
                           key=lambda one: (one["date_modified_gmt"], one["id"]))
        return self.cut(found, query)
