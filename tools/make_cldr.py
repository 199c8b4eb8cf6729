#!/usr/bin/env python3
"""What templates need to know of languages, as C: cldr_data.c.

    make_cldr.py CLDR/common OUTPUT

From Unicode's CLDR (main/*.xml, supplemental/plurals.xml, supplementalData.xml): how numbers and
amounts of money are written, the symbols of currencies, the names of months and days, the patterns
of dates, the plural rules. A locale holds only what it does not inherit (UTS 35, 4.2); its parent is
named. Digits are the Latin ones everywhere: order mails mix with numbers of other systems.
"""
import glob
import os
import re
import sys
import xml.etree.ElementTree as ElementTree

WIDTHS = ("wide", "abbreviated")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LENGTHS = ("full", "long", "medium", "short")


def quoted(text):
    if text is None:
        return "NULL"
    return '"' + "".join(char if 32 <= ord(char) < 127 and char not in '"\\' else
                         "".join(f"\\{byte:03o}" for byte in char.encode()) for char in text) + '"'


def text_at(node, path):
    found = node.find(path) if node is not None else None
    return None if found is None or found.text == "↑↑↑" else found.text


def latin(numbers, tag):
    """The element for Latin digits; one without a numbering system counts for all."""
    nodes = numbers.findall(tag)
    for system in ("latn", None):
        for node in nodes:
            if node.get("numberSystem") == system:
                return node
    return None


def numbers_of(root):
    numbers = root.find("numbers")
    if numbers is None:
        return {}, {}
    symbols = latin(numbers, "symbols")
    money = latin(numbers, "currencyFormats")
    standard = None
    for length in money.findall("currencyFormatLength") if money is not None else ():
        if length.get("type") is None:
            standard = text_at(length, "currencyFormat[@type='standard']/pattern")
    fields = {
        # Austria and Switzerland write amounts with other separators than plain numbers.
        "decimal": text_at(symbols, "currencyDecimal") or text_at(symbols, "decimal"),
        "group": text_at(symbols, "currencyGroup") or text_at(symbols, "group"),
        "minus": text_at(symbols, "minusSign"),
        "money": standard,
        "least_groups": text_at(numbers, "minimumGroupingDigits"),
    }
    signs = {}
    for currency in numbers.findall("currencies/currency"):
        for symbol in currency.findall("symbol"):
            if symbol.get("alt") is None and symbol.text != "↑↑↑":
                signs[currency.get("type")] = symbol.text
    return fields, signs


def names_of(calendar, group, item, keys, kind):
    names = []
    for width in WIDTHS:
        base = f"{group}/{item}Context[@type='{kind}']/{item}Width[@type='{width}']"
        names += [text_at(calendar, f"{base}/{item}[@type='{key}']") for key in keys]
    return names


def dates_of(root):
    calendar = root.find("dates/calendars/calendar[@type='gregorian']")
    if calendar is None:
        return {}
    months = [str(number) for number in range(1, 13)]
    half = "dayPeriods/dayPeriodContext[@type='format']/dayPeriodWidth[@type='{}']/dayPeriod[@type='{}']"
    patterns = [text_at(calendar, f"{kind}Formats/{kind}FormatLength[@type='{length}']/"
                        f"{kind}Format/pattern") for kind in ("date", "time") for length in LENGTHS]
    return {
        "months": names_of(calendar, "months", "month", months, "format"),
        "days": names_of(calendar, "days", "day", DAYS, "format"),
        "halves": [text_at(calendar, half.format("abbreviated", name)) or
                   text_at(calendar, half.format("wide", name)) for name in ("am", "pm")],
        "patterns": patterns,
    }


def parents_of(cldr):
    data = ElementTree.parse(f"{cldr}/supplemental/supplementalData.xml")
    return {child: node.get("parent") for node in data.iter("parentLocale")
            for child in node.get("locales").split()}


def parent_of(name, parents):
    if name == "root":
        return None
    if name in parents:
        return parents[name]
    return name.rpartition("_")[0] or "root"


# ---- plural rules: each becomes one C expression --------------------------------------------------


def relation_c(relation):
    match = re.fullmatch(r"\s*([nivwftce])\s*(?:%\s*(\d+))?\s*(!=|=)\s*([\d.,]+)\s*", relation)
    variable, modulo, sign, ranges = match.groups()
    value = f"p->{variable}" if variable != "c" else "p->e"
    if modulo:
        value = f"({value} % {modulo})"
    tests = []
    for part in ranges.split(","):
        first, _, last = part.partition("..")
        tests.append(f"({value} >= {first} && {value} <= {last})" if last else f"{value} == {first}")
    test = "(" + " || ".join(tests) + ")"
    if variable == "n":  # n is a whole number where it is compared with one
        test = f"(p->whole && {test})"
    return f"!{test}" if sign == "!=" else test


def rule_c(rule):
    rule = rule.split("@")[0]
    return " || ".join("(" + " && ".join(relation_c(relation) for relation in re.split(r"\band\b", part))
                       + ")" for part in re.split(r"\bor\b", rule))


def plurals_of(cldr):
    """Functions, and for each language the number of its function."""
    data = ElementTree.parse(f"{cldr}/supplemental/plurals.xml")
    functions, languages = [], {}
    for rules in data.find("plurals[@type='cardinal']"):
        body = [(rule.get("count"), rule_c(rule.text)) for rule in rules
                if rule.get("count") != "other"]
        for language in rules.get("locales").split():
            languages[language] = len(functions)
        functions.append(body)
    return functions, languages


# ---- writing ------------------------------------------------------------------------------------------


def array(values, least):
    if not values or all(value is None for value in values):
        return None
    assert len(values) == least
    return "{" + ", ".join(quoted(value) for value in values) + "}"


def locale_row(name, root, signs_before, parent, plural, out):
    fields, signs = numbers_of(root)
    fields.update(dates_of(root))
    own = {code: sign for code, sign in signs.items() if signs_before.get(code) != sign}
    parts = [f".name = {quoted(name)}", f".parent = {parent}"]
    for key in ("decimal", "group", "minus", "money"):
        if fields.get(key) is not None:
            parts.append(f".{key} = {quoted(fields[key])}")
    if fields.get("least_groups"):
        parts.append(f".least_groups = {fields['least_groups']}")
    for key, count in (("months", 24), ("days", 14), ("halves", 2), ("patterns", 8)):
        text = array(fields.get(key), count)
        if text:
            parts.append(f".{key} = {text}")
    if own:
        list_name = "signs_" + name
        rows = ", ".join(f"{{{quoted(code)}, {quoted(own[code])}}}" for code in sorted(own))
        out.write(f"static const CldrSign {list_name}[] = {{{rows}}};\n")
        parts.append(f".signs = {list_name}, .sign_count = {len(own)}")
    if plural is not None:
        parts.append(f".plural = plural_{plural}")
    return "    {" + ", ".join(parts) + "},\n"


def main(cldr, output):
    parents = parents_of(cldr)
    functions, languages = plurals_of(cldr)
    roots = {os.path.basename(path)[:-4]: ElementTree.parse(path).getroot()
             for path in glob.glob(f"{cldr}/main/*.xml")}
    signs = {name: numbers_of(root)[1] for name, root in roots.items()}

    def inherited(name):
        chain, parent = {}, parent_of(name, parents)
        while parent:
            chain = {**signs.get(parent, {}), **chain}
            parent = parent_of(parent, parents)
        return chain

    with open(output, "w", encoding="ascii") as out:
        out.write("/* Made by tools/make_cldr.py from Unicode's CLDR; terms of use:\n"
                  " * http://www.unicode.org/copyright.html */\n"
                  '#include "engine/liquid_shop/cldr.h"\n\n')
        for number, body in enumerate(functions):
            out.write(f"static CldrPlural\nplural_{number}(const CldrOperands *p)\n{{\n")
            for count, test in body:
                out.write(f"    if ({test})\n        return CLDR_{count.upper()};\n")
            out.write("    (void)p;\n    return CLDR_OTHER;\n}\n\n")
        places = {name: f"&cldr_locales[{place}]" for place, name in enumerate(sorted(roots))}
        rows = [locale_row(name, roots[name], inherited(name), places.get(parent_of(name, parents), "0"),
                           languages.get(name), out) for name in sorted(roots)]
        out.write("\nconst CldrLocale cldr_locales[] = {\n")
        out.writelines(rows)
        out.write(f"}};\nconst size_t cldr_locale_count = {len(rows)};\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
