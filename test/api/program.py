"""program.py - a program that speaks to the API with a key of its own.

    demo = Program.new(server, "demo")             a key that may everything
    answer = demo.post("orders", ORDER)            Answer with .json
    demo.settle("orders", ORDER)                   the same, worked on: what became of it
"""
import http.client
import json
import re
import urllib.parse

KEY = re.compile(r"^pk_[A-Za-z0-9_-]{43}$", re.MULTILINE)
NAME = re.compile(r"\bak_[0-9a-z]+\b")

# One of each noun, in the order in which they may be told.
SAMPLES = {
    "customers": {"id": "C1", "email": "ana@example.com", "first_name": "Ana", "last_name": "Lima", "birthday": "02-29",
                  "addresses": [{"line1": "1 Quay", "city": "Nantes", "country_code": "FR"}],
                  "updated_at": "2026-03-01T10:00:00Z"},
    "products": {"id": "P1", "title": "Boots", "updated_at": "2026-03-01T10:00:00Z",
                 "variants": [{"id": "V1", "sku": "B-42", "price": "89.90", "weight_grams": 1200}]},
    "orders": {"id": "1001", "name": "#1001", "email": "ana@example.com", "placed_at": "2026-03-02T08:00:00Z",
               "payment": "paid", "updated_at": "2026-03-02T08:00:00Z", "shipping": "4.90",
               "customer": {"id": "C1", "first_name": "Ana"}, "ship_to": {"line1": "1 Quay", "city": "Nantes"},
               "lines": [{"id": "L1", "sku": "B-42", "title": "Boots", "quantity": 2, "price": "89.90"}]},
    "shipments": {"id": "S1", "order_id": "1001", "state": "in_transit", "shipped_at": "2026-03-02T09:00:00Z",
                  "parcels": [{"carrier": "DHL", "number": "JD014600003SE"}],
                  "lines": [{"line_id": "L1", "quantity": 2}]},
    "refunds": {"id": "R1", "order_id": "1001", "amount": "10.00", "refunded_at": "2026-03-02T09:30:00Z"},
    "consents": {"channel": "email", "address": "ana@example.com", "given": True, "basis": "opt_in",
                 "chosen_at": "2026-03-01T10:00:00Z"},
    "events": {"kind": "shop.fitting_booked", "happened_at": "2026-03-02T08:30:00Z", "customer_id": "C1",
               "properties": {"size": 42, "with": ["socks"]}},
}


class Answer:
    def __init__(self, reply):
        self.status = reply.status
        self.headers = {name.lower(): value for name, value in reply.getheaders()}
        self.body = reply.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def pointers(self):
        return sorted(error["pointer"] for error in self.json["errors"])


class Program:
    def __init__(self, server, key):
        self.server, self.key = server, key

    @classmethod
    def new(cls, server, shop, scopes="all"):
        said = server.cli("key", "api", shop, "--name", "Test", "--scopes", scopes)
        made = cls(server, KEY.search(said)[0])
        made.name = NAME.search(said)[0]
        return made

    def ask(self, method, path, body=None, headers=None):
        sent = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if body is not None:
            sent["Content-Type"] = "application/json"
        if isinstance(body, str):
            body = body.encode()
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            line.request(method, path, body, sent | (headers or {}))
            return Answer(line.getresponse())
        finally:
            line.close()

    def get(self, path, **query):
        return self.ask("GET", f"/api/v1/{path}" + (f"?{urllib.parse.urlencode(query)}" if query else ""))

    def post(self, noun, body, key=None, **headers):
        return self.ask("POST", f"/api/v1/{noun}", body, ({"Idempotency-Key": key} if key else {}) | headers)

    def settle(self, noun, body, key=None):
        """Posts it, lets the path work, and gives what became of it."""
        answer = self.post(noun, body, key)
        assert answer.status == 202, answer.body
        self.server.control("work")
        return self.get(f"deliveries/{answer.json['id']}").json

    def pages(self, noun, **query):
        """All rows, page by page."""
        rows, path = [], f"/api/v1/{noun}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        while path:
            answer = self.ask("GET", path)
            assert answer.status == 200, answer.body
            rows += answer.json[noun]
            path = answer.json["next"]
        return rows
