// order_confirmation.mjs - an order as a mail: liquidjs with the template parsed once and rendered
// synchronously (its manual: the faster way), for the HTML and the text part.
import { readFileSync } from "node:fs";
import { Liquid } from "liquidjs";

const engine = new Liquid({ outputEscape: "escape" });
const templates = Object.fromEntries(
  ["html", "text"].map((kind) => [
    kind, engine.parse(readFileSync(new URL(`./order_confirmation.${kind}.liquid`, import.meta.url), "utf8"))]));
const shop = { name: "Bench", url: "https://bench.example", address: "17 quai des Célestins, 69002 Lyon, France" };

export function mailMake(order) {
  const values = { order, shop };
  return {
    from: "Bench <orders@bench.example>",
    to: order.email,
    subject: `Your order ${order.name} is confirmed`,
    messageId: `<${order.id}.confirmation@bench.example>`,
    html: engine.renderSync(templates.html, values),
    text: engine.renderSync(templates.text, values),
  };
}
