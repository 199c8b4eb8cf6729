"""Random templates of the Liquid language, the same for the same seed."""
import random

DATA = {
    "s": "Hello World", "t": "  trim me \n", "u": "søren Ünïcode ß", "e": "", "h": "<p class=\"a\">A & B</p>",
    "words": "one two  three four", "num": "42", "dec": "3.75", "neg": "-7", "junk": "12abc",
    "i": 7, "z": 0, "n": -3, "big": 9007199254740993, "f": 2.5, "g": -0.125, "h2": 1234.5678, "tiny": 0.00001,
    "yes": True, "no": False, "nothing": None,
    "list": [3, 1, 2, 10], "strs": ["b", "a", "C", "aa", ""], "mixed": [1, "1", None, True, 2.5],
    "nested": [[1, 2], [3, [4, 5]], []], "empty": [],
    "items": [{"title": "b", "price": 10, "ok": True, "tag": "x"},
              {"title": "A", "price": 5, "ok": False, "tag": "y"},
              {"title": "c", "price": 7.5, "tag": "x"}],
    "map": {"a": 1, "b": {"c": "deep", "size": 9}, "k": "v"}, "none": {},
    "date": "2016-03-14 10:20:30", "key": "a",
}
NAMES = [name for name in DATA if name != "big"] + ["missing", "map.b.c", "map.b", "map.b.size", "map.nope", "items[0].title", "items[1]",
                      "items.first.price", "items.last", "list[0]", "list[-1]", "list[99]", "list.size", "s.size",
                      "strs.first", "map[key]", "map['k']", "nested[1][0]", "words.size", "items.size"]
STRINGS = ["'a'", "'b'", "''", "' '", "','", "'o'", "'title'", "'price'", "'ok'", "'tag'", "'x'", "\"it's\"", "'...'",
           "'1'", "'2.5'", "'foo bar'", "'é'", "'%'"]
NUMBERS = ["0", "1", "2", "3", "-1", "-2", "10", "5.5", "0.1", "-2.5", "100", "3.0", "1.05"]
WORDS = ["true", "false", "nil", "empty"]
# name: how many arguments it takes
FILTERS = {
    "abs": 0, "append": 1, "at_least": 1, "at_most": 1, "base64_encode": 0, "capitalize": 0, "ceil": 0, "compact": 0,
    "concat": 1, "default": 1, "divided_by": 1, "downcase": 0, "escape": 0, "escape_once": 0,
    "floor": 0, "join": (0, 1), "lstrip": 0, "map": 1, "minus": 1, "modulo": 1, "newline_to_br": 0,
    "plus": 1, "prepend": 1, "remove": 1, "remove_first": 1, "remove_last": 1, "replace": (1, 2),
    "replace_first": (1, 2), "replace_last": 2, "reverse": 0, "round": (0, 1), "rstrip": 0, "size": 0, "slice": (1, 2),
    "sort": (0, 1), "sort_natural": (0, 1), "split": 1, "strip": 0, "strip_html": 0,
    "strip_newlines": 0, "times": 1, "truncate": (0, 2), "truncatewords": (0, 2), "uniq": (0, 1),
    "upcase": 0, "url_decode": 0, "url_encode": 0, "where": (1, 2),
}
PROPERTY = ("map", "where", "sort", "sort_natural", "uniq", "compact")
DATES = ["'%Y-%m-%d'", "'%b %-d, %y'", "'%A %B %e %H:%M:%S'", "'%j %U %W %u %w %I %p %l %s'", "'%c'", "'%D %T'"]
TEXT = ["x", " ", "\n", "<b>", "  \n ", "a, b", "{", "}", "% ", "é", "-"]
OPERATORS = ["==", "!=", "<>", "<", ">", "<=", ">=", "contains"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.loops = 0

    def pick(self, items):
        return self.random.choice(items)

    def chance(self, part):
        return self.random.random() < part

    def value(self):
        kind = self.random.random()
        if kind < 0.5:
            return self.pick(NAMES)
        if kind < 0.68:
            return self.pick(STRINGS)
        if kind < 0.86:
            return self.pick(NUMBERS)
        if kind < 0.92:
            return self.pick(WORDS)
        if kind < 0.96 and self.loops:
            return self.pick(["item", "forloop.index", "forloop.last", "forloop.rindex0", "item.title", "item[0]"])
        return f"({self.pick(['1', '0', 'i', 'num', '-2'])}..{self.pick(['3', '5', 'list.size', '2'])})"

    def filtered(self):
        text = self.value()
        if self.chance(0.05):  # of what is no date at all Ruby makes one now and then
            text = f"{self.pick(['date', 'i', 'num', 'missing', 'e'])} | date: {self.pick(DATES)}"
        for _ in range(self.pick([0, 0, 1, 1, 1, 2, 2, 3])):
            name = self.pick(list(FILTERS))
            count = FILTERS[name]
            if isinstance(count, tuple):
                count = self.random.randint(*count)
            args = [self.argument(name) for _ in range(count)]
            text += f" | {name}" + (": " + ", ".join(args) if args else "")
        return text

    def argument(self, name):
        if name == "divided_by":  # Ruby goes on computing with the infinity that 1.5 / 0 gives
            return self.pick(["2", "3", "-1", "5.5", "0.1", "i", "n", "f", "'4'"])
        value = self.value()
        while name in PROPERTY and value.startswith("("):  # ours has no s[(1..2)]
            value = self.value()
        return value

    def condition(self):
        parts = []
        for _ in range(self.pick([1, 1, 1, 2, 3])):
            part = self.value()
            if self.chance(0.7):
                part += f" {self.pick(OPERATORS)} {self.value()}"
            parts.append(part)
        text = parts[0]
        for part in parts[1:]:
            text += f" {self.pick(['and', 'or'])} {part}"
        return text

    def open(self):
        return self.pick(["{%", "{%", "{%", "{%-"])

    def close(self):
        return self.pick(["%}", "%}", "%}", "-%}"])

    def tag(self, markup):
        return f"{self.open()} {markup} {self.close()}"

    def output(self):
        return f"{self.pick(['{{', '{{', '{{-'])} {self.filtered()} {self.pick(['}}', '}}', '-}}'])}"

    def block(self, depth):
        return "".join(self.node(depth) for _ in range(self.random.randint(0, 3)))

    def node(self, depth):
        kinds = [self.output, self.output, self.output, lambda: self.pick(TEXT), self.assign, self.small, self.ends]
        if depth:
            kinds += [lambda: self.if_tag(depth - 1), lambda: self.for_tag(depth - 1),
                      lambda: self.case_tag(depth - 1), lambda: self.capture(depth - 1),
                      lambda: self.tablerow(depth - 1), lambda: self.other(depth - 1)]
        return self.pick(kinds)()

    def assign(self):
        return self.tag(f"assign {self.pick(['x', 'y', 's'])} = {self.filtered()}")

    def ends(self):
        """first and last of lists: of strings, 5.4 does not know them."""
        name = self.pick(["list", "items", "nested", "empty", "(1..3)", "map", "nothing"])
        return f"{{{{ {name} | {self.pick(['first', 'last'])} }}}}"

    def small(self):
        tags = [f"increment {self.pick(['c', 'd'])}", f"decrement {self.pick(['c', 'd'])}",
                f"cycle 'x', {self.pick(NAMES)}", "cycle 'g': 1, 2, 3", "cycle 'a', 'b'",
                f"echo {self.filtered()}", "comment %}{{ no }}{% endcomment", "raw %}{{ x }}{% endraw", "# note"]
        if self.loops:
            tags += ["break", "continue"]
        return self.tag(self.pick(tags))

    def if_tag(self, depth):
        name = self.pick(["if", "if", "unless"])
        text = self.tag(f"{name} {self.condition()}") + self.block(depth)
        if self.chance(0.3):
            text += self.tag(f"elsif {self.condition()}") + self.block(depth)
        if self.chance(0.5):
            text += self.tag("else") + self.block(depth)
        return text + self.tag(f"end{name}")

    def list(self):
        return self.pick(["list", "strs", "items", "mixed", "empty", "map", "s", "nested", "missing", "(1..4)",
                          "(z..i)", "words", "none", "i"])

    def for_tag(self, depth):
        extra = self.pick(["", "", "", " reversed", " limit: 2", " offset: 1", " limit: 2 offset: 1",
                           " offset: continue", " reversed limit: i", f" limit: {self.value()}"])
        text = self.tag(f"for item in {self.list()}{extra}")
        self.loops += 1
        text += self.block(depth)
        self.loops -= 1
        if self.chance(0.3):
            text += self.tag("else") + self.block(depth)
        return text + self.tag("endfor")

    def tablerow(self, depth):
        text = self.tag(f"tablerow item in {self.list()}{self.pick(['', ' cols: 2', ' cols: 3 limit: 4', ' offset: 1'])}")
        loops, self.loops = self.loops, 0  # 5.4 does not know break and continue here
        text += self.block(depth)
        self.loops = loops
        return text + self.tag("endtablerow")

    def case_tag(self, depth):
        text = self.tag(f"case {self.value()}")
        for _ in range(self.random.randint(1, 3)):
            text += self.tag(f"when {self.value()}{self.pick(['', ', ' + self.value(), ' or ' + self.value()])}")
            text += self.block(depth)
        if self.chance(0.5):
            text += self.tag("else") + self.block(depth)
        return text + self.tag("endcase")

    def capture(self, depth):
        return self.tag("capture x") + self.block(depth) + self.tag("endcapture") + "{{ x }}"

    def other(self, depth):
        if self.chance(0.5):
            return self.tag("ifchanged") + self.block(depth) + self.tag("endifchanged")
        return self.open() + " liquid\n  assign y = " + self.filtered() + "\n  if " + self.condition() + \
            "\n    echo y\n  endif\n" + self.close()

    def template(self):
        return "".join(self.node(2) for _ in range(self.random.randint(1, 5)))


def templates(count, seed=1):
    for number in range(count):
        yield Maker(seed * 1_000_003 + number).template()
