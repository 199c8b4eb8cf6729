"""fake_graphql.py - as much of GraphQL, and of Shopify's schema, as it takes to tell a right question from a wrong one.

A query is parsed and answered field by field, under the names (aliases) that it asks for. A field that the schema does
not have, an argument that is missing, a page that costs too much: each gets the answer that Shopify gives. The schema is
that of the Admin API 2026-01 for the fields that matter here; a type is a dict, a trailing ! is left out.

https://shopify.dev/docs/api/admin-graphql/2026-01 and https://shopify.dev/docs/api/usage/limits
"""

import json
import re

TOKEN = re.compile(r'[\s,]*(\.\.\.|"(?:[^"\\]|\\.)*"|[A-Za-z_]\w*|-?\d+|\$\w+|[{}()\[\]:!=])')
COST_MOST = 1000

MAILING_ADDRESS = dict.fromkeys(
    "id firstName lastName name company address1 address2 city province provinceCode country countryCodeV2 zip "
    "phone".split())
TYPES = {
    "Customer": dict.fromkeys("id firstName lastName locale note tags createdAt updatedAt".split()) | {
        "defaultEmailAddress": "CustomerEmailAddress", "defaultPhoneNumber": "CustomerPhoneNumber",
        "defaultAddress": "MailingAddress", "addressesV2": "[MailingAddress]"},
    "CustomerEmailAddress": dict.fromkeys("emailAddress marketingState marketingOptInLevel marketingUpdatedAt".split()),
    "CustomerPhoneNumber": dict.fromkeys(
        "phoneNumber marketingState marketingOptInLevel marketingUpdatedAt marketingCollectedFrom".split()),
    "MailingAddress": MAILING_ADDRESS,
    "Product": dict.fromkeys("id title vendor productType handle tags status publishedAt updatedAt".split()) | {
        "featuredMedia": "Media", "variants": "[ProductVariant]"},
    "Media": {"preview": "MediaPreviewImage"}, "MediaPreviewImage": {"image": "Image"}, "Image": {"url": None},
    "ProductVariant": dict.fromkeys("id sku title barcode price updatedAt".split()) | {
        "image": "Image", "inventoryItem": "InventoryItem"},
    "InventoryItem": {"requiresShipping": None, "measurement": "InventoryItemMeasurement"},
    "InventoryItemMeasurement": {"weight": "Weight"}, "Weight": {"unit": None, "value": None},
    "Order": {"id": None, "updatedAt": None, "email": None, "phone": None, "fulfillments": "Fulfillment",
              "customer": "Customer", "shippingAddress": "MailingAddress", "billingAddress": "MailingAddress"},
    "Fulfillment": {"id": None, "events": "[FulfillmentEvent]"},
    "FulfillmentEvent": dict.fromkeys(
        "id status happenedAt createdAt message city province country zip estimatedDeliveryAt".split()),
    "DeletionEvent": dict.fromkeys("occurredAt subjectId subjectType".split()),
    "AppInstallation": {"accessScopes": "AccessScope"}, "AccessScope": {"handle": None},
    "WebhookSubscription": {"topic": None, "uri": None},
    "Query": {"customers": "[Customer]", "products": "[Product]", "orders": "[Order]", "product": "Product",
              "deletionEvents": "[DeletionEvent]", "currentAppInstallation": "AppInstallation",
              "webhookSubscriptions": "[WebhookSubscription]"},
}
TYPES["Customer"] |= {"email": None, "phone": None}  # deprecated, and still there


class Refused(Exception):
    def __init__(self, message, code, path=()):
        super().__init__(message)
        self.said = {"message": message, "extensions": {"code": code}, "path": list(path)}


class Reader:
    """The text of a query as a tree: [(alias, name, arguments, selection or None)]."""

    def __init__(self, text, variables):
        self.tokens, self.at, self.variables = TOKEN.findall(text), 0, variables

    def take(self, wanted=None):
        token = self.tokens[self.at]
        assert wanted is None or token == wanted, (token, wanted, self.tokens[self.at:][:5])
        self.at += 1
        return token

    def peek(self):
        return self.tokens[self.at]

    def document(self):
        if self.peek() == "query":
            self.take()
            if self.peek() == "(":
                while self.take() != ")":
                    pass
        return self.selection()

    def selection(self):
        fields = []
        self.take("{")
        while self.peek() != "}":
            alias = name = self.take()
            if self.peek() == ":":
                self.take()
                name = self.take()
            arguments = self.arguments() if self.peek() == "(" else {}
            fields.append((alias, name, arguments, self.selection() if self.peek() == "{" else None))
        self.take("}")
        return fields

    def arguments(self):
        found = {}
        self.take("(")
        while self.peek() != ")":
            name = self.take()
            self.take(":")
            found[name] = self.value()
        self.take(")")
        return found

    def value(self):
        token = self.take()
        if token == "[":
            found = []
            while self.peek() != "]":
                found.append(self.value())
            self.take()
            return found
        if token.startswith("$"):
            return self.variables.get(token[1:])
        return json.loads(token) if re.match(r'["\d-]|true|false|null', token) else token


def cost(fields, kind):
    """Points that a selection may cost: an object is one, a list as many as it may hold."""
    total = 0
    for _, name, arguments, inner in fields:
        of = TYPES[kind].get(name) if name not in ("nodes", "pageInfo") else None
        if not inner:
            continue
        if of and of.startswith("["):
            nodes = next((more for _, sub, _, more in inner if sub == "nodes"), [])
            total += int(arguments.get("first", 10)) * (1 + cost(nodes, of[1:-1]))
        elif of:
            total += int(arguments.get("first", 1)) * (1 + cost(inner, of))
    return total


class Answer:
    """Resolves a tree over data: dicts whose members are values, dicts, lists, or functions of the arguments."""

    def __init__(self, hidden=()):
        self.hidden, self.errors = dict(hidden), []

    def object(self, data, fields, kind, path):
        if data is None:
            return None
        said = {}
        for alias, name, arguments, inner in fields:
            if name not in TYPES[kind]:
                raise Refused(f"Field '{name}' doesn't exist on type '{kind}'", "undefinedField", path)
            said[alias] = self.field(data, (name, arguments, inner), kind, [*path, alias])
        return said

    def field(self, data, asked, kind, path):
        name, arguments, inner = asked
        of = TYPES[kind][name]
        if (of is None) != (inner is None):
            raise Refused(f"Field '{name}' must have {'no ' if of is None else 'a '}selection", "selectionMismatch", path)
        if (kind, name) in self.hidden:
            self.errors.append({"message": self.hidden[kind, name], "path": path, "extensions": {"code": "ACCESS_DENIED"}})
            return None
        value = data.get(name)
        value = value(arguments) if callable(value) else value
        if of is None:
            return value
        if of.startswith("["):
            return self.connection(value or [], asked, of[1:-1], path)
        if isinstance(value, list):
            return [self.object(one, inner, of, [*path, i])
                    for i, one in enumerate(value[:arguments.get("first", len(value))])]
        return self.object(value, inner, of, path)

    def connection(self, rows, asked, kind, path):
        name, arguments, inner = asked
        if not 0 < arguments.get("first", 0) <= 250:
            raise Refused(f"you must provide one of first or last for '{name}'", "BAD_REQUEST", path)
        if arguments.get("reverse"):
            rows = rows[::-1]
        start = int(arguments["after"].removeprefix("cursor-")) if arguments.get("after") else 0
        page, said = rows[start:start + arguments["first"]], {}
        for alias, sub, _, more in inner:
            if sub == "nodes":
                said[alias] = [self.object(row, more, kind, [*path, alias, i]) for i, row in enumerate(page)]
            elif sub == "pageInfo":
                end = start + len(page)
                info = {"hasNextPage": end < len(rows), "endCursor": f"cursor-{end}" if page else None}
                said[alias] = {key: info[what] for key, what, _, _ in more}
            else:
                raise Refused(f"Field '{sub}' doesn't exist on type '{kind}Connection'", "undefinedField", path)
        return said
