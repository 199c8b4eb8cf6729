"""Amounts, against Python's decimal; digits of currencies, against ISO 4217's List One."""

import decimal
import random

# The currencies in use that have not two digits (SIX Group, List One, January 2026).
DIGITS = {"BHD": 3, "BIF": 0, "CLF": 4, "CLP": 0, "DJF": 0, "GNF": 0, "IQD": 3, "ISK": 0, "JOD": 3,
          "JPY": 0, "KMF": 0, "KRW": 0, "KWD": 3, "LYD": 3, "OMR": 3, "PYG": 0, "RWF": 0, "TND": 3,
          "UGX": 0, "UYI": 0, "UYW": 4, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0}
TWO = """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR
    RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD
    TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG""".split()


def test_digits_of_every_currency(probe):
    expected = DIGITS | dict.fromkeys(TWO, 2)
    answers = probe.ask(*(b"money %s 1" % code.encode() for code in expected))
    assert dict(zip(expected, answers)) == {code: b"%d" % 10 ** digits for code, digits in expected.items()}


def test_old_currencies_are_known(probe):
    """Orders of ten years ago are imported too."""
    for code, minor in {"DEM": 100, "ESP": 1, "HRK": 100, "LTL": 100, "BGN": 100, "ANG": 100}.items():
        assert probe.ask(b"money %s 1" % code.encode()) == [b"%d" % minor]


def test_amounts_are_exact(probe):
    dice = random.Random(9)
    questions, expected = [], []
    for _ in range(8000):
        code = dice.choice(["EUR", "JPY", "BHD", "CLF"])
        digits = {"EUR": 2, "JPY": 0, "BHD": 3, "CLF": 4}[code]
        whole = str(dice.randrange(10 ** dice.randrange(1, 20)))
        fraction = "".join(dice.choices("0123456789", k=dice.choice([0, 0, 1, 2, 3, 4])))
        text = dice.choice(["", "", "-", "+"]) + dice.choice(["", "00"]) + whole
        text += f".{fraction}" if fraction else ""
        text += dice.choice(["", "", "", "0" if fraction else "", "e2", "E-1", "e+0"])
        minor = decimal.Decimal(text).scaleb(digits, decimal.Context(prec=60))
        questions.append(b"money %s %s" % (code.encode(), text.encode()))
        if minor != minor.to_integral_value():
            expected.append(f'error bad_input "{text}" has more digits than {code} has ({digits})')
        elif -2 ** 63 <= minor < 2 ** 63:
            expected.append(str(int(minor)))
        else:
            expected.append(f'error bad_input "{text}" is more than an amount can be')
    for question, meant, answer in zip(questions, expected, probe.ask(*questions)):
        if "has more digits" in meant and b"is more than" in answer:
            continue  # both are true
        assert answer.decode() == meant, question


def test_refused(probe):
    for text in ("", " ", "-", "+", ".", "5.", ".5", "1,50", "1.000,00", "1 000", "0x10", "1e", "1e+", "e5",
                 "1.5.0", "--1", "+-1", "NaN", "Infinity", "1e99999", "12€", "€12", "1_000"):
        answer = probe.ask(b"money EUR " + text.encode())[0].decode()
        assert answer == f'error bad_input "{text}" is no amount; write it like 57.98', text
    for code in ("XYZ", "eur", "EURO", "EU", "", "XXX", "XAU"):
        answer = probe.ask(b"money %s 1" % code.encode())[0].decode()
        assert answer == f'error bad_input there is no currency "{code}" (three capital letters)'
