// order_confirmation.mjs - an order as a mail, from templates as one shop would write them (mail/): English,
// in one piece, of about the length of Postlude's, which have five languages and parts. liquidjs with each parsed
// once and rendered synchronously (its manual: the faster way), money by Intl with formatters kept, a link that
// holds an HMAC.
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { Liquid } from "liquidjs";

const html = new Liquid({ outputEscape: "escape", strictFilters: true });
const plain = new Liquid({ strictFilters: true });
const shop = { name: "Bench", legal_address: "17 quai des Célestins, 69002 Lyon, France" };
const formatters = new Map();

// In the language of the words, as ours: English.
class Money {
  constructor(amount, currency) {
    Object.assign(this, { amount: Number(amount), currency });
  }
  toString() {
    if (!formatters.has(this.currency))
      formatters.set(this.currency, new Intl.NumberFormat("en", { style: "currency", currency: this.currency }));
    return formatters.get(this.currency).format(this.amount);
  }
}
for (const host of [html, plain])
  host.registerFilter("money_with_currency", (money) => `${money} ${money.currency}`);
html.registerFilter("address", { raw: true, handler: (address) => addressLines(address).map(escape).join("<br>") });
plain.registerFilter("address", (address) => addressLines(address).join("\n"));

function escape(text) {
  return text.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
}

function addressLines(address) {
  const { name, company, address1, address2, zip, city, country } = address;
  return [name, company, address1, address2, `${zip} ${city}`, country].filter(Boolean);
}

function template(host, name) {
  return host.parse(readFileSync(new URL(`mail/order_confirmation${name}.liquid`, import.meta.url), "utf8"));
}
const page = template(html, ""), text = template(plain, ".text"), subject = template(plain, ".subject");

function pageUrl(id) {
  const mac = createHmac("sha256", "a key for links").update(`order ${id} 0`).digest().subarray(0, 16);
  return `https://bench.example/o/${id.toString(36)}${mac.toString("base64url")}`;
}

// What the templates may name, from Shopify's order.
function valuesOf(order) {
  const money = (amount) => new Money(amount, order.currency);
  const line_items = order.line_items.map((line) => ({
    title: line.title, variant_title: line.variant_title, quantity: line.quantity,
    total: money(Number(line.price) * line.quantity - Number(line.total_discount)) }));
  return {
    shop, page_url: pageUrl(order.id),
    order: {
      name: order.name, created_at: order.created_at, customer: order.customer, line_items,
      quantity: line_items.reduce((sum, line) => sum + line.quantity, 0),
      subtotal_price: money(order.subtotal_price),
      shipping_price: money(order.total_shipping_price_set.shop_money.amount),
      shipping_title: order.shipping_lines[0]?.title, total_tax: money(order.total_tax),
      taxes_included: order.taxes_included, total_price: money(order.total_price),
      shipping_address: order.shipping_address },
  };
}

export function mailMake(order) {
  const values = valuesOf(order);
  return {
    from: "Bench <orders@bench.example>",
    to: order.email,
    subject: plain.renderSync(subject, values).trim(),
    messageId: `<${order.id}.confirmation@bench.example>`,
    html: html.renderSync(page, values),
    text: plain.renderSync(text, values),
  };
}
