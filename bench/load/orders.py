"""orders.py - order templates for the load generator: what Shopify posts for orders/create.

    python3 bench/load/orders.py COUNT > orders.txt

One order a line, as compact JSON in UTF-8, with the fields, the order of fields and the escapes
(`\\u0026` for &) of Shopify's webhooks; about 11.6 kB each, one to six lines of goods, buyers of many
countries, sums that add up. The same COUNT gives the same bytes.

A million distinct orders would be 11.6 GB, so a line is a template: runs of control bytes, which JSON
cannot hold, stand where `load/order.c` writes what differs from order to order.

    \\x01 x 8    number of the order, decimal, padded with zeros
    \\x02 x 8    number of the buyer
    \\x03 x 25   the moment, as 2026-03-02T10:00:00+01:00
"""
import json
import random
import re
import sys
import unicodedata

ORDER, BUYER, MOMENT = "\ue001", "\ue002", "\ue003"  # private use: survive json.dumps, then replaced
NUMBER = "\ue000"  # brackets digits that shall stand without quotes
SHOP = "bench.myshopify.com"

# country code, country, calling code, locale, province (name, code), cities with post codes, streets,
# first names, last names
PLACES = [
    ("FR", "France", "+33", "fr-FR", (None, None), [("Lyon", "69002"), ("Besançon", "25000"), ("Le Mans", "72000")],
     ["rue de la République", "avenue Émile-Zola", "impasse de l'Église"],
     ["Chloé", "Léa", "Jérôme", "François", "Inès"], ["Lefèvre", "Dubois", "Guérin", "N'Diaye", "Müller"]),
    ("DE", "Germany", "+49", "de-DE", (None, None), [("Köln", "50667"), ("München", "80331"), ("Görlitz", "02826")],
     ["Königsallee", "Straße des 17. Juni", "Am Äußeren Tor"],
     ["Jürgen", "Käthe", "Sören", "Anna", "Björn"], ["Weiß", "Schröder", "Öztürk", "Krüger", "von der Heide"]),
    ("ES", "Spain", "+34", "es-ES", ("Barcelona", "B"), [("Barcelona", "08001"), ("Sabadell", "08201")],
     ["Carrer de Muntaner", "Plaça de Catalunya"],
     ["Núria", "José", "Begoña", "Íñigo", "Ana"], ["García", "Muñoz", "Peña", "Castells i Puig", "Ibáñez"]),
    ("PL", "Poland", "+48", "pl-PL", (None, None), [("Łódź", "90-001"), ("Kraków", "30-002"), ("Gdańsk", "80-001")],
     ["ul. Świętego Marcina", "ul. Żółkiewskiego", "al. Jerozolimskie"],
     ["Łukasz", "Małgorzata", "Zofia", "Paweł", "Agnieszka"], ["Wiśniewski", "Zając", "Dąbrowska", "Wójcik"]),
    ("GR", "Greece", "+30", "el-GR", (None, None), [("Αθήνα", "105 57"), ("Θεσσαλονίκη", "546 24")],
     ["Ερμού", "Τσιμισκή"],
     ["Ελένη", "Γιώργος", "Κατερίνα", "Νίκος"], ["Παπαδόπουλος", "Οικονόμου", "Γεωργίου"]),
    ("UA", "Ukraine", "+380", "uk-UA", (None, None), [("Київ", "01001"), ("Львів", "79000")],
     ["вулиця Хрещатик", "проспект Свободи"],
     ["Олена", "Іван", "Наталія", "Юрій"], ["Шевченко", "Коваленко", "Ткачук"]),
    ("JP", "Japan", "+81", "ja-JP", ("Tōkyō", "JP-13"), [("渋谷区", "150-0002"), ("新宿区", "160-0022")],
     ["神宮前", "西新宿"], ["花子", "太郎", "さくら", "健"], ["佐藤", "鈴木", "髙橋", "渡邊"]),
    ("KR", "South Korea", "+82", "ko-KR", ("Seoul", "KR-11"), [("강남구", "06000"), ("마포구", "04000")],
     ["테헤란로", "월드컵로"], ["민준", "서연", "지우"], ["김", "이", "박", "최"]),
    ("IL", "Israel", "+972", "he-IL", (None, None), [("תל אביב", "6100000"), ("חיפה", "3100000")],
     ["דרך יפו", "שדרות רוטשילד"], ["נועה", "דוד", "תמר"], ["כהן", "לוי", "מזרחי"]),
    ("EG", "Egypt", "+20", "ar-EG", ("Cairo", "C"), [("القاهرة", "11511")],
     ["شارع التحرير"], ["فاطمة", "محمد", "أحمد"], ["حسن", "عبد الله", "إبراهيم"]),
    ("IN", "India", "+91", "hi-IN", ("Maharashtra", "MH"), [("Mumbai", "400001"), ("Pune", "411001")],
     ["M. G. Road", "Linking Road"], ["Priya", "Arjun", "आरव", "Lakshmi"], ["Sharma", "Iyer", "Patel", "O'Brien"]),
    ("US", "United States", "+1", "en-US", ("California", "CA"), [("Oakland", "94607"), ("San José", "95112")],
     ["Main St", "Martin Luther King Jr Way", "5th Ave #12"],
     ["Mary-Ann", "Jamal", "Emily", "Seán", "Zoë"], ["Smith", "O'Connor", "Nguyen", "de la Cruz", "Johnson & Sons"]),
    ("GB", "United Kingdom", "+44", "en-GB", ("England", "ENG"), [("London", "E1 6AN"), ("St Albans", "AL1 3LD")],
     ["Brick Lane", "Queen's Road"], ["Siân", "Olivia", "Harry", "Aoife"], ["Evans", "Taylor", "MacDonald", "Byrne"]),
    ("BR", "Brazil", "+55", "pt-BR", ("São Paulo", "SP"), [("São Paulo", "01310-100"), ("Ribeirão Preto", "14010-000")],
     ["Avenida Paulista", "Rua da Consolação"],
     ["João", "Conceição", "Antônio", "Luísa"], ["Gonçalves", "Araújo", "dos Santos", "Simões"]),
]

GOODS = [  # title, vendor, grams, price in cents, variants
    ("Walking boots \"Fjell\"", "Nordsti", 1240, 14900, ["EU 38 / Brown", "EU 42 / Black", "EU 44 / Brown"]),
    ("Wool socks, pair of two", "Nordsti", 120, 1890, ["S", "M", "L"]),
    ("Crème de marrons & vanille", "Maison Aubrac", 350, 745, ["350 g", "6 × 350 g"]),
    ("Enamel mug 0.35 l", "Emalco", 190, 1250, ["White / Blue rim", "Grün", "Noir"]),
    ("Notebook <dotted>, A5", "Papierwerk", 310, 1695, ["Dotted", "Ruled", "Plain"]),
    ("Linen shirt", "Casa Ribera", 260, 6900, ["XS / Écru", "M / Écru", "L / Indigo", "XL / Indigo"]),
    ("Beeswax candle 20 cm", "Imkerei Lindner", 180, 990, [None]),
    ("Olive oil, early harvest", "Λάδι της Κρήτης", 820, 2350, ["500 ml", "3 l"]),
    ("Bicycle bell 'Ding'", "Klingel & Söhne", 95, 2450, ["Brass", "Chrome"]),
    ("Gyokuro green tea", "宇治園", 110, 3480, ["50 g", "100 g"]),
    ("Cast-iron pan 28 cm", "Gjuteri", 2600, 7900, [None]),
    ("Rain jacket", "Nordsti", 540, 18900, ["S / Yellow", "M / Yellow", "L / Navy"]),
]

GATEWAYS = ["shopify_payments", "paypal", "klarna", "bogus"]
SHIPPING = [("Standard", 490), ("Express", 1290), ("DHL Packstation", 550), ("Colissimo – point relais", 390)]


def money(cents):
    return f"{cents // 100}.{cents % 100:02d}"


def money_set(cents):
    amount = {"amount": money(cents), "currency_code": "EUR"}
    return {"shop_money": amount, "presentment_money": dict(amount)}


def number(prefix, mark, suffix=""):
    """A JSON number made of constant digits around a mark."""
    return f"{NUMBER}{prefix}{mark * 8}{suffix}{NUMBER}"


def digits(prefix, mark, suffix=""):
    return f"{prefix}{mark * 8}{suffix}"


def ascii_word(text):
    word = re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", text.lower()))
    return word or "buyer"


def tax_line(cents):
    return {"channel_liable": False, "price": money(cents), "price_set": money_set(cents), "rate": 0.2,
            "title": "VAT"}


def address_make(dice, place, first, last):
    code, country, calling, _, (province, province_code), cities, streets, _, _ = place
    city, post_code = dice.choice(cities)
    return {
        "first_name": first, "address1": f"{dice.randint(1, 240)} {dice.choice(streets)}",
        "phone": f"{calling}{dice.randint(100000000, 999999999)}", "city": city, "zip": post_code,
        "province": province, "country": country, "last_name": last,
        "address2": dice.choice([None, None, None, f"Apt. {dice.randint(1, 90)}"]),
        "company": dice.choice([None, None, None, None, "Café “Zur Post” & Co."]),
        "latitude": round(dice.uniform(-55, 65), 7), "longitude": round(dice.uniform(-120, 140), 7),
        "name": f"{first} {last}", "country_code": code, "province_code": province_code,
    }


def line_make(dice, place_in_order, goods):
    which = dice.randrange(len(goods))
    title, vendor, grams, price, variants = goods[which]
    variant = dice.choice(variants)
    quantity = dice.choice([1, 1, 1, 1, 2, 2, 3, 5])
    total = price * quantity
    tax = total * 20 // 120
    line_id = ("1460", ORDER, str(place_in_order))
    row = {
        "id": number(*line_id), "admin_graphql_api_id": f"gid://shopify/LineItem/{digits(*line_id)}",
        "attributed_staffs": [], "current_quantity": quantity, "fulfillable_quantity": quantity,
        "fulfillment_service": "manual", "fulfillment_status": None, "gift_card": False, "grams": grams,
        "name": title if variant is None else f"{title} - {variant}",
        "origin_location": {
            "id": 4120000000000 + which, "country_code": "FR", "province_code": "", "name": f"Atelier {vendor}",
            "address1": "17 quai des Célestins", "address2": "Bâtiment C, quai de chargement 4", "city": "Lyon",
            "zip": "69002"},
        "price": money(price),
        "price_set": money_set(price), "product_exists": True, "product_id": 8123400000000 + which,
        "properties": dice.choice([[], [], [], [{"name": "Gravur", "value": "Für Zoë ♥"}]]),
        "quantity": quantity, "requires_shipping": True, "sku": f"{vendor[:3].upper()}-{which:03d}",
        "taxable": True, "title": title, "total_discount": "0.00", "total_discount_set": money_set(0),
        "variant_id": 44871200000000 + which * 10 + variants.index(variant),
        "variant_inventory_management": "shopify", "variant_title": variant, "vendor": vendor,
        "tax_lines": [tax_line(tax)], "duties": [], "discount_allocations": [],
    }
    return row, total, tax, grams * quantity


def customer_make(place, first, last, email, phone, address):
    buyer = ("7200", BUYER)
    home = dict(address, id=number("9100", BUYER), customer_id=number(*buyer), country_name=address["country"],
                default=True)
    for unused in ("latitude", "longitude"):
        del home[unused]
    return {
        "id": number(*buyer), "email": email, "created_at": "2024-05-01T09:12:33+02:00",
        "updated_at": MOMENT * 25, "first_name": first, "last_name": last, "state": "disabled", "note": None,
        "verified_email": True, "multipass_identifier": None, "tax_exempt": False, "phone": phone,
        "email_marketing_consent": {"state": "subscribed", "opt_in_level": "single_opt_in",
                                    "consent_updated_at": "2024-05-01T09:12:33+02:00"},
        "sms_marketing_consent": {"state": "not_subscribed", "opt_in_level": "single_opt_in",
                                  "consent_updated_at": None, "consent_collected_from": "OTHER"},
        "tags": "", "currency": "EUR", "tax_exemptions": [],
        "admin_graphql_api_id": f"gid://shopify/Customer/{digits(*buyer)}", "default_address": home,
    }


def shipping_make(title, cents):
    shipping_id = number("4300", ORDER)
    return {
        "id": shipping_id, "carrier_identifier": None, "code": title,
        "current_discounted_price_set": money_set(cents), "discounted_price": money(cents),
        "discounted_price_set": money_set(cents), "is_removed": False, "phone": None, "price": money(cents),
        "price_set": money_set(cents), "requested_fulfillment_service_id": None, "source": "shopify",
        "title": title, "tax_lines": [tax_line(cents * 20 // 120)], "discount_allocations": [],
    }


def sums_make(goods, shipping, tax):
    total = goods + shipping
    return {
        "subtotal_price": money(goods), "subtotal_price_set": money_set(goods), "tags": "", "tax_exempt": False,
        "tax_lines": [tax_line(tax)], "taxes_included": True, "test": False, "token": digits("5f0b1f21c9d94d7e", ORDER),
        "total_cash_rounding_payment_adjustment_set": money_set(0),
        "total_cash_rounding_refund_adjustment_set": money_set(0), "total_discounts": "0.00",
        "total_discounts_set": money_set(0), "total_line_items_price": money(goods),
        "total_line_items_price_set": money_set(goods), "total_outstanding": "0.00", "total_price": money(total),
        "total_price_set": money_set(total), "total_shipping_price_set": money_set(shipping),
        "total_tax": money(tax), "total_tax_set": money_set(tax), "total_tip_received": "0.00",
    }


def current_sums_make(goods, shipping, tax):
    total = goods + shipping
    return {
        "current_shipping_price_set": money_set(shipping), "current_subtotal_price": money(goods),
        "current_subtotal_price_set": money_set(goods), "current_total_additional_fees_set": None,
        "current_total_discounts": "0.00", "current_total_discounts_set": money_set(0),
        "current_total_duties_set": None, "current_total_price": money(total),
        "current_total_price_set": money_set(total), "current_total_tax": money(tax),
        "current_total_tax_set": money_set(tax),
    }


def order_make(dice):
    place = dice.choice(PLACES)
    first, last = dice.choice(place[7]), dice.choice(place[8])
    email = f"{ascii_word(first)}.{ascii_word(last)}.{digits('', BUYER)}@example.com"
    shipping_address = address_make(dice, place, first, last)
    count = dice.choice([1, 2, 2, 3, 3, 3, 4, 4, 4, 6])
    lines, goods, tax, grams = [], 0, 0, 0
    for place_in_order in range(count):
        line, line_total, line_tax, line_grams = line_make(dice, place_in_order, GOODS)
        lines.append(line)
        goods, tax, grams = goods + line_total, tax + line_tax, grams + line_grams
    shipping_title, shipping = dice.choice(SHIPPING)
    tax += shipping * 20 // 120
    order_id = ("58", ORDER, "371")
    return {
        "id": number(*order_id), "admin_graphql_api_id": f"gid://shopify/Order/{digits(*order_id)}",
        "app_id": 580111, "browser_ip": f"203.0.113.{dice.randint(1, 254)}", "buyer_accepts_marketing": True,
        "cancel_reason": None, "cancelled_at": None, "cart_token": digits("hWN2t0c1ctZXVyb3BlLXdlc3Q0", ORDER),
        "checkout_id": number("37", ORDER, "118"), "checkout_token": digits("c9a5b7d3e1f04826", ORDER),
        "client_details": {
            "accept_language": place[3], "browser_height": None, "browser_ip": "203.0.113.7", "browser_width": None,
            "session_hash": None,
            "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
                          "like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"},
        "closed_at": None, "company": None, "confirmation_number": digits("Q", ORDER), "confirmed": True,
        "contact_email": email, "created_at": MOMENT * 25, "currency": "EUR",
        **current_sums_make(goods, shipping, tax),
        "customer_locale": place[3], "device_id": None, "discount_codes": [], "duties_included": False,
        "email": email, "estimated_taxes": False, "financial_status": "paid", "fulfillment_status": None,
        "landing_site": f"/collections/all?utm_source=newsletter&utm_medium=email&utm_campaign=w{dice.randint(1, 52)}",
        "landing_site_ref": None, "location_id": None, "merchant_business_entity_id": "MTU4MDI4NzAz",
        "merchant_of_record_app_id": None, "name": digits("#B", ORDER),
        "note": dice.choice([None, None, None, "Bitte klingeln bei »Öz«.\nMerci !"]), "note_attributes": [],
        "number": number("1", ORDER), "order_number": number("1", ORDER),
        "order_status_url": f"https://{SHOP}/6081234567/orders/{digits('', ORDER)}/authenticate"
                            f"?key={digits('5d1a77', ORDER)}&none=VwJQD1xWVw",
        "original_total_additional_fees_set": None, "original_total_duties_set": None,
        "payment_gateway_names": [dice.choice(GATEWAYS)], "phone": shipping_address["phone"], "po_number": None,
        "presentment_currency": "EUR", "processed_at": MOMENT * 25, "reference": None,
        "referring_site": "https://www.example.com/", "source_identifier": None, "source_name": "web",
        "source_url": None, **sums_make(goods, shipping, tax),
        "total_weight": grams, "updated_at": MOMENT * 25, "user_id": None,
        "billing_address": dict(shipping_address),
        "customer": customer_make(place, first, last, email, shipping_address["phone"], shipping_address),
        "discount_applications": [], "fulfillments": [], "line_items": lines, "payment_terms": None, "refunds": [],
        "shipping_address": shipping_address, "shipping_lines": [shipping_make(shipping_title, shipping)],
        "returns": [], "line_item_groups": [],
    }


def order_format(order):
    text = json.dumps(order, ensure_ascii=False, separators=(",", ":"))
    text = re.sub(f'"{NUMBER}([^"]*){NUMBER}"', r"\1", text)
    for mark, byte in ((ORDER, "\x01"), (BUYER, "\x02"), (MOMENT, "\x03")):
        text = text.replace(mark, byte)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def orders_write(count, out):
    dice = random.Random(20260302)
    for _ in range(count):
        out.write(order_format(order_make(dice)) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit("usage: orders.py COUNT > FILE")
    sys.stdout.reconfigure(encoding="utf-8")
    orders_write(int(sys.argv[1]), sys.stdout)
