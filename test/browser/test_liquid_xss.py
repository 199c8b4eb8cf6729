"""HTML mode in a real browser: script that comes in as data never runs, in any place of a page.

Every vector is rendered into every place and loaded by Chromium, which then clicks, submits, focuses and hovers
everything. A page that runs script, or that has other elements or attributes than the same page with a harmless value,
fails. The control renders the same pages without escaping and must be caught.

The vectors are those of OWASP's XSS Filter Evasion Cheat Sheet and of its prevention cheat sheet's rules, with
`hit()` for alert(1).
"""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POSTLUDE", str(ROOT / "build/postlude"))
CHROMIUM = shutil.which("chromium")
SECONDS = 240

VECTORS = (pathlib.Path(__file__).parent / "xss_vectors.txt").read_text().splitlines()

# Name of a place: a template with {{ v }} in it.
PLACES = {
    "text": "<p>{{ v }}</p>",
    "attribute": '<p title="{{ v }}">x</p>',
    "single": "<p title='{{ v }}'>x</p>",
    "data": '<p data-v="{{ v }}">x</p>',
    "input": '<input value="{{ v }}">',
    "href": '<a href="{{ v }}">x</a>',
    "href_single": "<a href='{{ v }}'>x</a>",
    "href_two": '<a href="{{ half }}{{ v }}">x</a>',
    "path": '<a href="/page/{{ v }}/end">x</a>',
    "query": '<a href="/page?q={{ v }}&amp;r=1">x</a>',
    "src": '<img src="{{ v }}">',
    "srcset": '<img srcset="{{ v }}">',
    "action": '<form action="{{ v }}"><button>x</button></form>',
    "formaction": '<form><button formaction="{{ v }}">x</button></form>',
    "iframe": '<iframe src="{{ v }}"></iframe>',
    "style": '<p style="color:{{ v }}">x</p>',
    "style_string": "<p style=\"font-family:'{{ v }}'\">x</p>",
    "style_url": '<p style="background:url({{ v }})">x</p>',
    "css": "<style>p { color: {{ v }} }</style><p>x</p>",
    "css_string": "<style>p::before { content: \"{{ v }}\" }</style><p>x</p>",
    "script": "<script>var v = {{ v }};</script>",
    "script_call": "<script>void(function (a) {})({{ v }}, [{{ v }}]);</script>",
    "json": '<script type="application/json">{"v": {{ v }}}</script>',
    "title": "<title>{{ v }}</title>",
    "textarea": "<textarea>{{ v }}</textarea>",
    "outlook": "<!--[if mso]><p title=\"{{ v }}\">{{ v }}</p><![endif]--><p>{{ v }}</p>",
    "branch": '<p {% if v %}title="{{ v }}"{% endif %}>{{ v }}</p>',
    "capture": '{% capture c %}<b>{{ v }}</b>{% endcapture %}<p title="{{ c }}">{{ c }}</p>',
    "filters": '<p title="{{ v | append: "!" }}">{{ v | upcase | downcase | strip | newline_to_br }}</p>',
    "escaped": '<p title="{{ v | escape }}">{{ v | escape | escape_once }}</p>',
    "list": '{% assign l = v | split: " " %}<p title="{{ l }}">{{ l | join: "," }}{% for i in l %}{{ i }}{% endfor %}</p>',
    "cycle": '<p title="{% cycle v, v %}">{% cycle "g": v %}</p>',
    "json_filter": '<p data-v="{{ v | json }}">{{ v | json }}</p><script>var v = {{ v | json }};</script>',
    "error": "<p>{{ v | date: '%s' }}{{ v | truncate: v }}</p>",
}

PAGE = """<!doctype html><meta charset=utf-8><script>
var hits = 0;
function hit() { hits++; }
alert = confirm = prompt = hit;
addEventListener("load", function () {
  var shape = [].map.call(document.documentElement.getElementsByTagName("*"), function (e) {
    return e.tagName + "[" + [].map.call(e.attributes, function (a) { return a.name; }).join() + "]";
  }).join(" ");
  document.addEventListener("click", function (e) {
    var a = e.target.closest && e.target.closest("a");
    if (a && !/^javascript:/i.test(a.protocol || a.getAttribute("href"))) e.preventDefault();
  });
  document.addEventListener("submit", function (e) {
    var b = e.submitter;
    var to = b && b.hasAttribute("formaction") ? b.formAction : e.target.action;
    if (!/^javascript:/i.test(to)) e.preventDefault();
  });
  [].forEach.call(document.querySelectorAll("body *"), function (e) {
    ["mouseover", "focus", "error", "load"].forEach(function (n) { e.dispatchEvent(new Event(n, {bubbles: true})); });
    try { e.click(); } catch (x) {}
    if (e instanceof SVGElement) e.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
  });
  setTimeout(function () { parent.postMessage({hits: hits, shape: shape}, "*"); }, 30);
});
</script><body>"""

INDEX = """<!doctype html><script>
var count = %d, at = 0, results = [];
function next(slot) {
  if (at >= count) return;
  var number = at++, frame = document.createElement("iframe"), timer;
  function done(result) {
    removeEventListener("message", heard);
    clearTimeout(timer);
    results[number] = result;
    frame.remove();
    if (Object.keys(results).length === count)
      fetch("/done", {method: "POST", body: JSON.stringify(results)});
    else next(slot);
  }
  function heard(e) { if (e.source === frame.contentWindow) done(e.data); }
  addEventListener("message", heard);
  timer = setTimeout(function () { done({hits: 1, shape: "no answer: the page was replaced"}); }, 5000);
  frame.src = "/page/" + number;
  document.body.appendChild(frame);
}
addEventListener("load", function () { for (var i = 0; i < 12; i++) next(i); });
</script><body>"""


def render(cases, html):
    lines = "".join(json.dumps({"template": PLACES[place], "data": {"v": vector, "half": "javascript"},
                                "html": html, "strict": False}) + "\n" for place, vector in cases)
    done = subprocess.run([BINARY, "liquid", "serve-tests"], input=lines, text=True, capture_output=True,
                          timeout=60, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(answer["ok"] for answer in answers), [a for a in answers if not a["ok"]][:3]
    return [answer["output"] for answer in answers]


class Pages(http.server.ThreadingHTTPServer):
    """Serves the pages on loopback and waits for the browser's verdicts."""

    def __init__(self, pages):
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = pages
        self.results = None
        self.done = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body, kind="text/html; charset=utf-8"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self):
        if self.path == "/":
            self.answer(INDEX % len(self.server.pages))
        elif self.path.startswith("/page/") and self.path[6:].isdigit():
            self.answer(PAGE + self.server.pages[int(self.path[6:])])
        elif self.path == "/hit.js":
            self.answer("hit()", "text/javascript")
        else:
            self.answer("<p>elsewhere</p>")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/done":
            self.server.results = json.loads(body)
            self.server.done.set()
        self.answer("")

    def log_message(self, *_):
        pass


def browse(pages):
    server = Pages(pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as profile:
        browser = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
             f"--user-data-dir={profile}", f"http://127.0.0.1:{server.server_port}/"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            finished = server.done.wait(SECONDS)
        finally:
            browser.terminate()
            browser.wait(20)
            server.shutdown()
    assert finished, "the browser did not finish"
    return server.results


needs_browser = pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")


@needs_browser
def test_no_vector_runs_in_any_place():
    harmless = [(place, "harmless") for place in PLACES]
    cases = [(place, vector) for place in PLACES for vector in VECTORS]
    results = browse(render(harmless + cases, True))
    shapes = {place: result["shape"] for (place, _), result in zip(harmless, results)}
    bad = []
    for (place, vector), result in zip(cases, results[len(harmless):]):
        known = place in ("filters", "list")  # <br> and list items are theirs to make
        if result["hits"] or (result["shape"] != shapes[place] and not known):
            bad.append((place, vector, result, shapes[place]))
    assert not bad, (len(bad), bad[:5])
    print(f"{len(cases)} pages, none ran script")


@needs_browser
def test_the_control_without_escaping_is_caught():
    places = ("text", "attribute", "single", "href", "script", "title", "textarea", "css")
    cases = [(place, vector) for place in places for vector in VECTORS]
    results = browse(render(cases, False))
    caught = dict.fromkeys(places, 0)
    for (place, _), result in zip(cases, results):
        caught[place] += bool(result["hits"])
    assert all(caught.values()), caught
    print(f"{sum(caught.values())} of {len(cases)} unescaped pages ran script")
