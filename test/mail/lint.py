"""lint.py - what must not stand in the HTML of a mail, and what its readers' programs do not show.

Support is read from the tables of caniemail.com (the folder of its _features, beside this project, see features()).
A feature that one of the programs below does not know is an error, unless GRACEFUL says why the mail is right without
it. The other rules are those of our own interface; test_words.py proves on a bad mail that each of them is found.

    lint.py FILE...       prints what is wrong; exit 1 if anything is
"""
import html.parser
import json
import pathlib
import re
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[3] / "shared/data/caniemail/_features"
MOST_BYTES = 102 * 1024  # Gmail cuts off what is behind
# Programs that open most of the mail of shops.
PROGRAMS = [("gmail", "desktop-webmail"), ("gmail", "ios"), ("gmail", "android"), ("outlook", "windows"),
            ("outlook", "outlook-com"), ("outlook", "ios"), ("outlook", "android"), ("outlook", "macos"),
            ("apple-mail", "macos"), ("apple-mail", "ios"), ("yahoo", "desktop-webmail"), ("yahoo", "ios")]
GRACEFUL = {
    "css-border-radius": "Outlook shows square corners",
    "css-at-media": "without it the mail is 600 px wide",
    "css-at-media-prefers-color-scheme": "without it the program's own dark mode stays",
    "css-color-scheme": "likewise",
    "css-white-space": "a price may break",
    "html-body": "the table around has the same colours",
}
PICTURES = re.compile(r"^https://")
ELEMENTS = {"h1": "h1-h6", "h2": "h1-h6", "h3": "h1-h6", "td": "table", "th": "table", "tr": "table", "ul": "lists",
            "ol": "lists", "li": "lists", "header": "semantics", "main": "semantics", "section": "semantics",
            "article": "semantics", "nav": "semantics", "footer": "semantics"}
FORBIDDEN = {"form": "a form", "input": "a form", "button": "a form", "iframe": "a frame", "object": "a plug-in",
             "embed": "a plug-in", "video": "a film", "audio": "sound", "base": "a base", "link": "a file from elsewhere",
             "svg": "a drawing that most do not show", "meta refresh": "a redirect"}
VALUES = [(r"display\s*:\s*(inline-)?flex", "css-display-flex"), (r"display\s*:\s*(inline-)?grid", "css-display-grid"),
          (r"var\s*\(", "css-variables"), (r"calc\s*\(", "css-unit-calc"), (r"linear-gradient", "css-linear-gradient"),
          (r"\d(rem)\b", "css-unit-rem"), (r"\d(vw)\b", "css-unit-vw"), (r"\d(vh)\b", "css-unit-vh"),
          (r":hover", "css-pseudo-class-hover"), (r"@font-face", "css-at-font-face"), (r"@import", "css-at-import"),
          (r"@keyframes", "css-at-keyframes"), (r"@media", "css-at-media"), (r"@supports", "css-at-supports"),
          (r"prefers-color-scheme", "css-at-media-prefers-color-scheme")]


def features(folder=FOLDER):
    """{slug: {(family, platform): "y" | "a" | "n" | "u"}} of the newest version that was tried."""
    found = {}
    for file in sorted(folder.glob("*.md")):
        stats = re.search(r"^stats:\s*(\{.*?^\})", file.read_text(), re.MULTILINE | re.DOTALL)
        if not stats:
            continue
        keyed = re.sub(r'(?m)^(\s*)([A-Za-z][\w-]*)\s*:', r'\1"\2":', stats[1])
        keyed = re.sub(r",(\s*[}\]])", r"\1", keyed)
        try:
            table = json.loads(keyed)
        except ValueError:
            continue
        found[file.stem] = {(family, platform): str(list(versions.values())[-1])[:1]
                            for family, platforms in table.items() for platform, versions in platforms.items() if versions}
    return found


class Reader(html.parser.HTMLParser):
    """Collects what the page uses."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.attributes, self.styles, self.problems = set(), set(), [], []
        self.inside, self.text, self.types, self.open_tables, self.hidden = None, [], [], [], ""
        self.has = {"doctype": False, "lang": False, "dir": False, "title": False, "charset": False}

    def handle_decl(self, decl):
        self.has["doctype"] |= decl.lower() == "doctype html"

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.elements.add(tag)
        self.attributes |= set(given)
        self.inside = tag if tag in ("style", "script", "title") else None
        if tag == "html":
            self.has["lang"], self.has["dir"] = bool(given.get("lang")), given.get("dir") in ("ltr", "rtl")
        if tag == "meta" and given.get("charset"):
            self.has["charset"] = True
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "refresh":
            self.problems.append("forbidden: meta refresh")
        if tag in FORBIDDEN:
            self.problems.append(f"forbidden: {tag}, {FORBIDDEN[tag]}")
        if tag == "script" and given.get("type") != "application/ld+json":
            self.problems.append("forbidden: a script")
        for name, value in given.items():
            if name.startswith("on"):
                self.problems.append(f"forbidden: {name}=, a script")
            if name == "style":
                self.styles.append(value or "")
            if name in ("href", "src", "background") and re.match(r"\s*(javascript|data|vbscript|file):", value or "", re.I):
                self.problems.append(f"forbidden: {name}={value[:30]}")
        if tag == "img":
            self.picture(given)
        if tag == "a" and not re.match(r"(https?|mailto|tel):", given.get("href") or ""):
            self.problems.append("link: without an address of the web")
        if tag == "table":
            self.open_tables.append({"role": given.get("role"), "heads": 0})
        if tag == "th" and self.open_tables:
            self.open_tables[-1]["heads"] += 1

    def picture(self, given):
        if "alt" not in given:
            self.problems.append("picture: without alt")
        if not PICTURES.match(given.get("src") or ""):
            self.problems.append("picture: not over https")
        if given.get("width") in ("0", "1") or given.get("height") in ("0", "1"):
            self.problems.append("picture: one pixel, which tracks")
        if not given.get("width"):
            self.problems.append("picture: without width")

    def handle_endtag(self, tag):
        self.inside = None
        if tag == "table" and self.open_tables:
            table = self.open_tables.pop()
            if table["role"] != "presentation" and not table["heads"]:
                self.problems.append("table: neither role=presentation nor th")

    def handle_data(self, data):
        if self.inside == "style":
            self.styles.append(data)
        elif self.inside == "title":
            self.has["title"] |= bool(data.strip())
        elif self.inside is None:
            self.text.append(data)


def declared(style):
    """The properties of a style, outside of selectors."""
    bare = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    bodies = re.findall(r"\{([^{}]*)\}", bare) or [bare]
    return {match[1].lower() for body in bodies for match in re.finditer(r"(?:^|;|\s)([\w-]+)\s*:", body)}


def slug_of(name, known):
    """css-padding for padding-left."""
    while name not in known and "-" in name[4:]:
        name = name.rsplit("-", 1)[0]
    return name if name in known else None


def uses(reader, known):
    styles = "\n".join(reader.styles)
    found = {slug_of("css-" + name, known) for style in reader.styles for name in declared(style)}
    found |= {slug for pattern, slug in VALUES if re.search(pattern, styles)}
    found |= {"html-" + ELEMENTS.get(name, name) for name in reader.elements}
    found |= {"html-" + name for name in reader.attributes}
    return {slug for slug in found if slug in known}


def lint(page, known=None):
    """What is wrong with the HTML of a mail, as sentences."""
    known = features() if known is None else known
    reader = Reader()
    reader.feed(page)
    problems = list(dict.fromkeys(reader.problems))
    problems += [f"missing: {what}" for what, there in reader.has.items() if not there]
    size = len(page.encode())
    if size > MOST_BYTES:
        problems.append(f"size: {size} bytes, Gmail cuts off behind {MOST_BYTES}")
    if re.search(r"url\s*\(", " ".join(reader.styles)):
        problems.append("style: something from elsewhere")
    if re.search(r"\{\{|\{%|Liquid error", page):
        problems.append("words: a template that was not filled in")
    if re.search(r"\b(mail|portal|preferences|date|shipment)\.[a-z_]+(\.[a-z_]+)*\b(?!\.example)", " ".join(reader.text)):
        problems.append("words: a key without its text")
    for slug in sorted(uses(reader, known)):
        lacking = [" ".join(program) for program in PROGRAMS if known[slug].get(program) == "n"]
        if lacking and slug not in GRACEFUL:
            problems.append(f"support: {slug} is not shown by {', '.join(lacking)}")
    return problems


def main():
    found = [f"{name}: {problem}" for name in sys.argv[1:] for problem in lint(pathlib.Path(name).read_text())]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
