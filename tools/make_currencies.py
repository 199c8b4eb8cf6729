#!/usr/bin/env python3
"""The list of currencies and their minor digits: currencies.def, a ROW("EUR", 2) for each.

    make_currencies.py CLDR/common OUTPUT

Codes are CLDR's (validity/currency.xml), those out of use included, because old orders have them.
Digits are CLDR's (supplemental/supplementalData.xml), corrected to ISO 4217's List One (the table of
the SIX Group, the maintenance agency) where CLDR tells how cash is counted today and not how many
digits the currency has. Adopted since this CLDR: ADOPTED.
"""
import re
import sys
import xml.etree.ElementTree as ElementTree

# Coins out of use, so CLDR has 0: right for a price tag, wrong for keeping what was charged.
ISO_DIGITS = {
    "AFN": 2, "ALL": 2, "IQD": 3, "IRR": 2, "KPW": 2, "LAK": 2, "LBP": 2, "MGA": 2, "MMK": 2,
    "RSD": 2, "SOS": 2, "SYP": 2, "YER": 2,
}
# Codes of ISO 4217 that CLDR 41 does not have yet.
ADOPTED = {"SLE": 2, "VED": 2, "XCG": 2, "ZWG": 2}
# Metals, funds and tests have no minor unit and no shop.
NO_MONEY = re.compile(r"X(?!AF|CD|CG|OF|PF)..")


def codes_of(validity):
    """AED AFN AUD..: ranges are written XAA~C."""
    for ids in validity.iter("id"):
        if ids.get("idStatus") not in ("regular", "deprecated"):
            continue
        for word in ids.text.split():
            first, _, last = word.partition("~")
            for letter in range(ord(first[-1]), ord(last or first[-1]) + 1):
                yield first[:-1] + chr(letter)


def main(cldr, output):
    validity = ElementTree.parse(f"{cldr}/validity/currency.xml")
    supplemental = ElementTree.parse(f"{cldr}/supplemental/supplementalData.xml")
    fractions = {info.get("iso4217"): int(info.get("digits"))
                 for info in supplemental.iterfind("currencyData/fractions/info")}
    usual = fractions.pop("DEFAULT")
    digits = {code: fractions.get(code, usual) for code in codes_of(validity)} | ADOPTED | ISO_DIGITS
    with open(output, "w", encoding="ascii") as out:
        for code in sorted(digits):
            if not NO_MONEY.fullmatch(code):
                out.write(f'ROW("{code}", {digits[code]})\n')


if __name__ == "__main__":
    main(*sys.argv[1:])
