"""fake_shop.py - Shopify's and WooCommerce's APIs on loopback, as far as we ask them; they misbehave when told to.

Written from the vendors' pages, not from our code: what is asked for wrongly gets the answer that they would give.
"""

import base64
import datetime
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class FakeShop:
    """Orders, the requests that came, and answers to give out of turn: a list of (status, headers, body)."""

    def __init__(self):
        self.orders, self.asked, self.instead, self.hooks = [], [], [], []
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
                status, headers, said = (fake.instead.pop(0) if fake.instead else
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


class FakeShopify(FakeShop):
    CLIENT, SECRET = "client-17", "shpss_hush"

    def __init__(self):
        super().__init__()
        self.tokens, self.made, self.calls = set(), 0, "1/40"
        self.scopes = ["read_orders", "read_customers", "read_products", "write_fulfillments"]
        self.hidden = []  # (path, message)

    def reply(self, method, path, query, headers, body):
        if path == "/admin/oauth/access_token":
            return self.token(dict(urllib.parse.parse_qsl(body.decode())))
        if headers.get("X-Shopify-Access-Token") not in self.tokens:
            return 401, {}, {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
        if path.endswith("/orders.json") and path.startswith("/admin/api/20"):
            return self.page(path, query)
        if path.endswith("/graphql.json") and method == "POST":
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

    def graphql(self, asked):
        if "webhookSubscriptionCreate" in asked["query"]:
            hook = asked["variables"]
            self.hooks.append(hook)
            return {"data": {"webhookSubscriptionCreate": {"userErrors": []}}}
        said = {"data": {"currentAppInstallation": {"accessScopes": [{"handle": one} for one in self.scopes]},
                         "orders": {"nodes": [{"id": "gid://shopify/Order/1", "email": None}]},
                         "webhookSubscriptions": {"nodes": self.hooks}}}
        if self.hidden:
            said["errors"] = [{"message": message, "path": path, "extensions": {"code": "ACCESS_DENIED"}}
                              for path, message in self.hidden]
        return said


class FakeWooCommerce(FakeShop):
    KEY, SECRET = "ck_17", "cs_hush"

    def reply(self, method, path, query, headers, body):
        right = base64.b64encode(f"{self.KEY}:{self.SECRET}".encode()).decode()
        if headers.get("Authorization") != f"Basic {right}":
            return 401, {}, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.",
                             "data": {"status": 401}}
        if path == "/wp-json/wc/v3/orders":
            return self.page(query)
        if path == "/wp-json/wc/v3/webhooks" and method == "POST":
            self.hooks.append(json.loads(body))
            return 201, {}, self.hooks[-1]
        if path == "/wp-json/wc/v3/webhooks":
            return 200, {}, self.hooks
        return 404, {}, {"code": "rest_no_route", "message": "No route was found"}

    def page(self, query):
        count, page = int(query.get("per_page", 10)), int(query.get("page", 1))
        found = self.orders
        if "modified_after" in query:
            assert query["dates_are_gmt"] == "true" and query["orderby"] == "modified" and query["order"] == "asc"
            after = moment(query["modified_after"]).replace(microsecond=0)
            found = sorted((order for order in self.orders if moment(order["date_modified_gmt"] + "Z") > after),
                           key=lambda order: (order["date_modified_gmt"], order["id"]))
        return 200, {"X-WP-Total": str(len(found))}, found[(page - 1) * count:page * count]
