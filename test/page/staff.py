"""staff.py - the operator's pages as a browser without JavaScript holds them: cookies, forms, tokens.

    shop = Desk(server)             the first account, made through the link that the server printed
    page = shop.get("/s/demo/orders")
    page.form("/s/demo/users", email="ben@example.com", role="viewer")
"""
import html
import http.client
import re
import urllib.parse

PASSWORD = "green boots walk far"
LINK = re.compile(r"/set-up/[A-Za-z0-9_-]{43}")
INPUT = re.compile(r"<(input|textarea|button|select)\b([^>]*)>(?:([^<]*)</textarea>)?")
FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
ATTRIBUTE = re.compile(r'([\w-]+)(?:="([^"]*)")?')
TAG = re.compile(r"<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def attributes(text):
    return {name: html.unescape(value or "") for name, value in ATTRIBUTE.findall(text)}


class Page:
    """An answer: status, headers, html, words (what a person reads), its forms."""

    def __init__(self, desk, path, reply):
        self.desk, self.path, self.status = desk, path, reply.status
        self.headers = reply.getheaders()
        self.html = reply.read().decode("utf-8", "replace")

    @property
    def words(self):
        return re.sub(r"\s+", " ", html.unescape(TAG.sub(" ", self.html))).strip()

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def forms(self):
        """[(action, {name: value})] as the page has filled them in."""
        found = []
        for head, body in FORM.findall(self.html):
            fields = {}
            for kind, inner, text in INPUT.findall(body):
                field = attributes(inner)
                if "name" not in field or kind == "button":
                    continue
                if field.get("type") in ("radio", "checkbox") and "checked" not in field:
                    continue
                fields[field["name"]] = html.unescape(text) if kind == "textarea" else field.get("value", "")
            found.append((attributes(head).get("action", self.path), fields))
        return found

    def form(self, action, follow=True, **values):
        """Fills in the form that leads to `action` and sends it."""
        fields = next((fields for to, fields in self.forms() if to == action), None)
        if fields is None:
            raise AssertionError(f"{self.path} has no form to {action}: {[to for to, _ in self.forms()]}")
        return self.desk.post(action, fields | values, follow)

    def links(self):
        return sorted({html.unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', self.html)})


class Desk:
    """A browser of its own. `email` None: nobody is signed in."""

    def __init__(self, port):
        self.port = port
        self.cookies = {}
        self.sent = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"}

    def ask(self, method, path, body=None, headers=None):
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = dict(self.sent)
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            line.request(method, path.partition("#")[0], body, sent | (headers or {}))
            page = Page(self, path, line.getresponse())
        finally:
            line.close()
        for key, value in page.headers:
            if key.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                value = rest.split(";")[0]
                self.cookies[name] = value
                if not value:
                    del self.cookies[name]
        return page

    def get(self, path, follow=True):
        page = self.ask("GET", path)
        turns = 0
        while follow and page.status == 303 and turns < 5:
            turns += 1
            page = self.ask("GET", page.header("Location"))
        return page

    def post(self, path, fields, follow=True, headers=None):
        page = self.ask("POST", path, urllib.parse.urlencode(fields),
                        {"Content-Type": "application/x-www-form-urlencoded"} | (headers or {}))
        return self.get(page.header("Location")) if follow and page.status == 303 else page

    def token(self):
        """A token of this browser's session."""
        page = self.get("/account" if self.cookies else "/sign-in")
        return next(fields["token"] for _, fields in page.forms() if "token" in fields)

    def sign_in(self, email, password=PASSWORD, to=None):
        page = self.get("/sign-in" + (f"?to={urllib.parse.quote(to, safe='')}" if to else ""))
        return page.form("/sign-in", email=email, password=password)

    def set_up(self, link, email="ana@example.com", name="Ana", password=PASSWORD):
        page = self.get(link)
        return page.form(link, email=email, name=name, password=password)


def link_of(text):
    """The last set-up link in some output."""
    return LINK.findall(text)[-1]


def owner(server, email="ana@example.com"):
    """A browser signed in as the first owner, through the link that the server printed."""
    desk = Desk(server.port)
    page = desk.set_up(link_of(server.log()), email)
    assert page.status == 200, page.words
    return desk


def member(server, email, shop, role):
    """A browser signed in as somebody whom the command line asked in."""
    said = server.cli("user", "add", email, "--shop", shop, "--role", role)
    desk = Desk(server.port)
    page = desk.set_up(link_of(said), email, email.split("@")[0].title())
    assert page.status == 200, page.words
    return desk
