#!/usr/bin/env python3
"""The figures of UCI Online Retail, from the table itself, with nothing of ours in between.

    online_retail.py TABLE.csv            prints them

Figures().compare() holds a store against them, compare_mails() what a mail server was given. Amounts are exact: as the
table writes them (raw, cleaned), and in whole pence, a line at a time, as a shop keeps them (pence).
"""

import collections
import csv
import decimal
import sys

# What the map says of codes that are no products.
NO_PRODUCTS = {"POST", "DOT", "C2", "M", "m", "D", "S", "B", "PADS", "CRUK", "AMAZONFEE", "BANK CHARGES"}
PENNY = decimal.Decimal("0.01")


def pence(price):
    """Rounded half away from zero, as prices are."""
    return int(decimal.Decimal(price).quantize(PENNY, rounding=decimal.ROUND_HALF_UP).scaleb(2))


class Figures:
    def __init__(self, path):
        self.lines = self.cancelled_lines = self.cleaned_lines = 0
        self.raw_sum = self.cleaned_sum = decimal.Decimal(0)
        self.pence_sum = self.cleaned_pence = self.cleaned_pence_lines = 0
        self.buyers, self.all_customers, self.codes, self.countries = set(), set(), set(), set()
        self.rows = collections.defaultdict(list)
        self.customer_of = {}
        with open(path, encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                self.take(row)
        self.sales = {invoice for invoice, rows in self.rows.items() if not invoice.startswith("C") and self.customer_of[invoice]
                      and any(quantity > 0 and price > 0 for quantity, price in rows)}
        self.invoices = len(self.rows)
        self.sold = self.cleaned_orders()

    def take(self, row):
        invoice, customer = row["InvoiceNo"], row["CustomerID"].removesuffix(".0")
        quantity, price = int(row["Quantity"]), decimal.Decimal(row["UnitPrice"])
        self.lines += 1
        self.cancelled_lines += invoice.startswith("C")
        self.codes.add(row["StockCode"])
        self.countries.add(row["Country"])
        self.raw_sum += quantity * price
        self.pence_sum += quantity * pence(row["UnitPrice"])
        self.rows[invoice].append((quantity, price))
        self.customer_of.setdefault(invoice, customer)
        if customer:
            self.all_customers.add(customer)
        if customer and quantity > 0 and price > 0:
            self.cleaned_lines += 1
            self.cleaned_sum += quantity * price
            self.cleaned_pence += quantity * pence(row["UnitPrice"])
            self.cleaned_pence_lines += pence(row["UnitPrice"]) > 0
            self.buyers.add(customer)

    def cleaned_orders(self):
        return {invoice for invoice, rows in self.rows.items()
                if self.customer_of[invoice] and any(quantity > 0 and price > 0 for quantity, price in rows)}

    def address(self, invoice):
        return f"c{self.customer_of[invoice]}@retail.test"

    def compare(self, server):
        """The store holds what the table says. Prices below half a penny are none in a store of pence."""
        def one(query):
            return server.rows(query)[0][0]

        assert one("SELECT count(*) FROM orders") == self.invoices
        assert one("SELECT count(*) FROM order_line") == self.lines
        assert one("SELECT count(*) FROM customer") == len(self.all_customers)
        assert one("SELECT count(*) FROM product") + len(self.codes & NO_PRODUCTS) == len(self.codes)
        assert one("SELECT count(DISTINCT json_extract(ship_to, '$.country')) FROM orders") == len(self.countries)
        assert one("SELECT count(*) FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.cancelled_at IS NOT NULL") == self.cancelled_lines
        assert one("SELECT sum(quantity * price) FROM order_line") == self.pence_sum
        assert one("SELECT sum(total) FROM orders") == self.pence_sum
        cleaned = "FROM order_line l JOIN orders o ON o.id = l.order_id WHERE o.customer_id IS NOT NULL AND l.quantity > 0 AND l.price > 0"
        assert one(f"SELECT count(*) {cleaned}") == self.cleaned_pence_lines
        assert one(f"SELECT count(DISTINCT o.customer_id) {cleaned}") == len(self.buyers)
        assert one(f"SELECT sum(l.quantity * l.price) {cleaned}") == self.cleaned_pence

    def compare_mails(self, server, recipients):
        """Each sale was confirmed once, to its buyer; nobody got anything else; every order has its one message or its reason."""
        want = collections.Counter(self.address(invoice) for invoice in self.sales)
        got = collections.Counter(recipients)
        assert got == want, (got - want, want - got, server.rows("SELECT template, state, reason, count(*) FROM message GROUP BY 1, 2, 3"))
        states = dict(server.rows("SELECT coalesce(reason, state), count(*) FROM message GROUP BY 1"))
        assert states.pop("accepted", 0) == len(self.sales)
        guests = sum(not customer for customer in self.customer_of.values())
        assert states.pop("no_address", 0) == guests
        cancelled = sum(invoice.startswith("C") and bool(self.customer_of[invoice]) for invoice in self.rows)
        assert states.pop("cancelled", 0) == cancelled
        rest = self.invoices - len(self.sales) - guests - cancelled
        assert states.pop("draft_order", 0) == rest
        assert not states, states

    def print(self):
        print(f"as it is: {len(self.all_customers)} customers; {self.invoices} invoices; {len(self.codes)} stock codes; "
              f"{len(self.countries)} countries; {self.cancelled_lines} cancellation lines; sum {self.raw_sum}")
        print(f"cleaned: {self.cleaned_lines} lines; {len(self.buyers)} customers; {len(self.sold)} orders; revenue {self.cleaned_sum}")
        print(f"to be confirmed: {len(self.sales)}")


if __name__ == "__main__":
    Figures(sys.argv[1]).print()
