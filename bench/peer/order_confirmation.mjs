// order_confirmation.mjs - an order as a mail, from the very templates of Postlude (ui/mail): liquidjs with
// each template parsed once and rendered synchronously (its manual: the faster way), money by Intl with
// formatters kept per language, a link that holds an HMAC.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Liquid } from "liquidjs";

const engine = new Liquid({ outputEscape: "escape", strictFilters: true });
const plain = new Liquid({ strictFilters: true });
const shop = { name: "Bench", legal_address: "17 quai des Célestins, 69002 Lyon, France" };
const formatters = new Map();

class Money {
  constructor(amount, currency, locale) {
    Object.assign(this, { amount: Number(amount), currency, locale });
  }
  toString() {
    const key = `${this.locale} ${this.currency}`;
    if (!formatters.has(key))
      formatters.set(key, new Intl.NumberFormat(this.locale, { style: "currency", currency: this.currency }));
    return formatters.get(key).format(this.amount);
  }
}
for (const one of [engine, plain]) one.registerFilter("money_with_currency", (money) => `${money} ${money.currency}`);

function template(host, name) {
  return host.parse(readFileSync(new URL(`../../ui/mail/order_confirmation${name}.liquid`, import.meta.url), "utf8"));
}
const html = template(engine, ""), text = template(plain, ".text"), subject = template(plain, ".subject");

function pageUrl(id) {
  const mac = createHmac("sha256", "a key for links").update(`order ${id} 0`).digest().subarray(0, 16);
  return `https://bench.example/o/${id.toString(36)}${mac.toString("base64url")}`;
}

function addressOf(address) {
  return address && {
    name: address.name, company: address.company, line1: address.address1, line2: address.address2,
    zip: address.zip, city: address.city, country: address.country };
}

// What the templates may name, from Shopify's order.
function valuesOf(order) {
  const money = (amount) => new Money(amount, order.currency, order.customer_locale);
  const lines = order.line_items.map((line) => ({
    title: line.title, variant: line.variant_title, quantity: line.quantity,
    total: money(Number(line.price) * line.quantity - Number(line.total_discount)) }));
  return {
    shop, page_url: pageUrl(order.id),
    order: {
      name: order.name, placed_at: order.created_at, customer: order.customer, lines,
      quantity: lines.reduce((sum, line) => sum + line.quantity, 0),
      subtotal: money(order.subtotal_price), shipping: money(order.total_shipping_price_set.shop_money.amount),
      shipping_title: order.shipping_lines[0]?.title, tax: money(order.total_tax),
      tax_included: order.taxes_included, total: money(order.total_price), ship_to: addressOf(order.shipping_address) },
  };
}

export function mailMake(order) {
  const values = valuesOf(order);
  return {
    from: "Bench <orders@bench.example>",
    to: order.email,
    subject: plain.renderSync(subject, values).trim(),
    messageId: `<${order.id}.confirmation@bench.example>`,
    html: engine.renderSync(html, values),
    text: plain.renderSync(text, values),
  };
}
