// peer.mjs TEMPLATE DATA EXPECTED SECONDS: the same mail by liquidjs and by a function written by hand.
//
// Prints one JSON line {"name": ..., "per_second": ..., "per_cpu_second": ...} for each. Every output must
// equal EXPECTED. Processor time is that of the thread that runs JavaScript, without Node's helpers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../peer/package.json', import.meta.url));
const { Liquid } = require('liquidjs');
const [templateFile, dataFile, expectedFile, seconds] = process.argv.slice(2);
const template = readFileSync(templateFile, 'utf8');
const data = JSON.parse(readFileSync(dataFile, 'utf8'));
const expected = readFileSync(expectedFile, 'utf8');

const cpuSeconds = () =>
  Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;

function measure(name, run, check) {
  if (check && run() !== expected) throw new Error(`${name} prints something else`);
  const until = performance.now() + 300; // warm up
  while (performance.now() < until) run();
  const start = performance.now();
  const cpu = cpuSeconds();
  let count = 0;
  let now = start;
  while (now - start < seconds * 1000) {
    for (let i = 0; i < 50; i++) run();
    count += 50;
    now = performance.now();
  }
  const per_second = (count * 1000) / (now - start);
  console.log(JSON.stringify({ name, per_second, per_cpu_second: count / (cpuSeconds() - cpu) }));
}

// ---- by hand: what somebody writes who wants this one mail as fast as JavaScript makes it ------------------

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text) => (text == null ? '' : String(text).replace(/[&<>"']/g, (c) => ENTITIES[c]));
const encode = (text) =>
  text == null ? '' : encodeURIComponent(text).replace(/%20/g, '+')
    .replace(/[!'()*]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase());
const capitalize = (text) => (text ? text[0].toUpperCase() + text.slice(1).toLowerCase() : '');
const money = (cents) => {
  const text = String(Math.round(cents) / 100);
  return text.includes('.') ? text : text + '.0';
};
const cut = (text, most) => (text.length > most ? text.slice(0, most - 3) + '...' : text);
const words = (text, most) => {
  const list = text.trim().split(/\s+/);
  return list.length > most ? list.slice(0, most).join(' ') + '...' : text;
};
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
  'November', 'December'];
const isBlank = (value) => value == null || value === false || value === '' || /^\s*$/.test(value);
const rest = (text) => text.replace(/<.*?>/gs, '');

function options(item, symbol) {
  if (item.options && item.options.length === 0) return '';
  let out = '\n<ul style="margin:4px 0;padding:0;list-style:none;font-size:12px;color:#777">';
  const list = item.options || [];
  list.forEach((option, i) => {
    out += `\n<li>${escape(option.name)}: <b>${escape(option.value)}</b>`;
    if (option.surcharge > 0) out += ` (+${symbol}${money(option.surcharge)})`;
    if (i < list.length - 1) out += ';';
    out += '</li>';
  });
  return out + '\n</ul>';
}

function line(item, i, shop, symbol) {
  let out = `\n<tr style="${i % 2 ? 'background:#fafafa' : 'background:#ffffff'}">
<td width="80" style="padding:8px;vertical-align:top"><img src="${escape(item.image + '?w=160')}" width="72" height="72" alt="${escape(item.title)}"></td>
<td style="padding:8px">
<a href="${shop.url}/products/${encode(item.handle)}" style="color:#222">${i + 1}. ${escape(cut(item.title, 48))}</a>`;
  if (item.vendor && item.vendor !== shop.name) out += `<br><small>by ${escape(item.vendor)}</small>`;
  out += options(item, symbol);
  if (item.properties && item.properties.gift_note)
    out += `<p style="font-style:italic">${escape(cut(rest(item.properties.gift_note), 80))}</p>`;
  out += `\n<small>SKU ${item.sku.toUpperCase()} &times; ${item.quantity}</small>
</td>
<td style="padding:8px;text-align:right">`;
  if (item.compare_price > item.price)
    out += `<s style="color:#999">${symbol}${money(item.compare_price * item.quantity)}</s><br>`;
  return out + `<b>${symbol}${money(item.price * item.quantity)}</b>
</td>
</tr>`;
}

function address(a, title) {
  return `<td valign="top"><h3>${title}</h3>${escape(a.name)}<br>${escape(a.address1)}<br>` +
    `${a.address2 ? escape(a.address2) + '<br>' : ''}${escape(a.zip)} ${escape(a.city)}<br>${escape(a.country)}</td>`;
}

function product(p, i, shop, symbol) {
  const stock = p.stock === 0 ? '<i>Sold out</i>'
    : p.stock === 1 || p.stock === 2 || p.stock === 3 ? `<i>Only ${p.stock} left</i>` : '<i>In stock</i>';
  return `\n<td width="33%" valign="top" align="center"><a href="${shop.url}/products/${encode(p.handle)}?rec=${i}"><img src="${escape(p.image + '?w=320')}" width="160" alt="${escape(p.title)}"></a><br>${escape(words(p.title, 5))}<br>${stock}<br><b>${symbol}${money(p.price)}</b></td>`;
}

function greeting(customer, shop, loyalty, order) {
  if (customer.orders_count === 1)
    return `<p>Welcome to ${shop.name}. This is your first order with us and we are getting it ready.</p>`;
  if (customer.orders_count >= 10 || (customer.tags && customer.tags.includes('vip')))
    return `<p>Order number ${customer.orders_count}! As one of our best customers you get priority packing and ${loyalty.points + order.points_earned} points.</p>`;
  return '<p>Good to see you again. We are getting your order ready to be shipped.</p>';
}

function mail({ shop, customer, order, loyalty, recommendations, locale, currency_symbol: symbol, message_id }) {
  const first = escape(capitalize(customer.first_name || 'there'));
  const at = new Date(order.created_at);
  const date = `${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2, '0')}, ${at.getUTCFullYear()}`;
  const count = order.line_items.length;
  const name = escape(shop.name);
  const number = escape(order.name);
  let out = `<!doctype html>
<html lang="${locale || 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Order ${number} confirmed - ${name}</title>
<style>
body{margin:0;background:${shop.brand.background || '#f5f5f5'};font-family:Helvetica,Arial,sans-serif;color:#222}
.wrap{max-width:600px;margin:0 auto;background:#fff}
.btn{background:${shop.brand.color.toLowerCase()};color:#fff;padding:12px 24px;text-decoration:none;border-radius:4px}
@media(max-width:600px){.wrap{width:100%!important}}
</style>
</head>
<body>
<div style="display:none">${name}: thanks for order ${number}, ${first}! ${count} item${count !== 1 ? 's' : ''} on the way.</div>
<table class="wrap" role="presentation" width="600" cellpadding="0" cellspacing="0">
<tr><td style="padding:24px;text-align:center">`;
  out += isBlank(shop.logo_url) ? `\n<h2>${escape(shop.name.toUpperCase())}</h2>`
    : `\n<img src="${escape(shop.logo_url + '?w=240')}" width="120" alt="${name}">`;
  out += `
</td></tr>
<tr><td style="padding:24px">
<h1 style="font-size:22px">Thank you, ${first}!</h1>
${greeting(customer, shop, loyalty, order)}
<p>Order <strong>${number}</strong> placed on ${date} with ${capitalize(order.gateway.replace(/_/g, ' '))}.</p>
<p><a class="btn" href="${shop.url}/track/${encode(order.token)}?email=${encode(customer.email)}&amp;utm_source=confirmation">Track your order</a></p>
</td></tr>
<tr><td style="padding:0 24px">
<table width="100%" role="presentation" cellpadding="0" cellspacing="0">`;
  order.line_items.forEach((item, i) => { out += line(item, i, shop, symbol); });
  out += `
</table>
</td></tr>
<tr><td style="padding:24px">
<table width="100%" role="presentation" style="border-top:1px solid #ddd">
<tr><td>Subtotal</td><td align="right">${symbol}${money(order.subtotal)}</td></tr>`;
  for (const discount of order.discounts)
    out += `\n<tr><td>Discount ${escape(discount.code.toUpperCase())}</td><td align="right">-${symbol}${money(discount.amount)}</td></tr>`;
  out += `\n<tr><td>Shipping (${escape(order.shipping_line.title)})</td><td align="right">${order.shipping_line.price === 0 ? 'Free' : symbol + money(order.shipping_line.price)}</td></tr>`;
  for (const tax of order.tax_lines)
    out += `\n<tr><td>${escape(tax.title)} (${money(tax.rate * 10000)}%)</td><td align="right">${symbol}${money(tax.price)}</td></tr>`;
  out += `
<tr><td><b>Total</b></td><td align="right"><b>${symbol}${money(order.total)} ${order.currency}</b></td></tr>
</table>
</td></tr>
<tr><td style="padding:24px">
<table width="100%" role="presentation"><tr>
${address(order.shipping_address, 'Shipping address')}
${address(order.billing_address, 'Billing address')}
</tr></table>`;
  if (!isBlank(order.note))
    out += `\n<p><b>Your note:</b><br>${escape(order.note).replace(/\r?\n/g, '<br />\n')}</p>`;
  out += '\n</td></tr>';
  if (recommendations && recommendations.length > 0) {
    out += `
<tr><td style="padding:24px"><h3>Goes well with your order</h3>
<table width="100%" role="presentation"><tr>`;
    recommendations.slice(0, 3).forEach((p, i) => { out += product(p, i, shop, symbol); });
    out += `
</tr></table>
</td></tr>`;
  }
  return out + `
<tr><td style="padding:24px;font-size:12px;color:#777;text-align:center">
<p>Tags: ${escape([...order.tags].sort().join(', '))}. Questions? Reply to this e-mail or write to ${escape(shop.email)}.</p>
<p>${escape(shop.address.join(', '))}<br><a href="${shop.url}/unsubscribe/${encode(customer.token)}">Unsubscribe</a></p>
<p>&copy; ${at.getUTCFullYear()} ${name}</p>
</td></tr>
</table>
<img src="${shop.url}/o/${encode(message_id)}.gif" width="1" height="1" alt="">
</body>
</html>
`;
}

const engine = new Liquid({ timezoneOffset: 0 });
const parsed = engine.parse(template);
const own = mail(data);
if (own !== expected) {
  let at = 0;
  while (own[at] === expected[at]) at++;
  throw new Error(`by hand differs at ${at}: ${own.slice(at, at + 80)} / ${expected.slice(at, at + 80)}`);
}
// liquidjs prints whole decimals without .0, so its bytes are not compared
measure('liquidjs.render', () => engine.renderSync(parsed, data), false);
measure('by_hand.render', () => mail(data), true);
measure('liquidjs.parse', () => engine.parse(template), false);
