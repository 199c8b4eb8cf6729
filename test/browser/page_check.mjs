// page_check.mjs - looks at one page after the other in Debian's Chromium and says what is wrong with it.
//
// A line in, a line out, both JSON:
//   {"url": ..., "text": [what a visitor must be able to read], "picture": file to save it to}
//   -> {"axe": [...], "sideways": [...], "script": [...], "dark": [...], "outside": [...], "errors": [...]}
// Each list holds sentences; an empty one means that this check found nothing. Which check looks for
// what stands at its function.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 900 };
const PATIENCE_MS = 20000;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// A visit is a browser of its own: no cookies, nothing stored, and nothing but the page's own host
// answers. Gives what the look gives, and adds what the page asked of other hosts and complained of.
async function visit(ask, options, found, look) {
  const context = await browser.newContext({ viewport: DESK, ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const own = new URL(ask.url).origin;
  await context.route("**", (route) => {
    const url = new URL(route.request().url());
    if (url.origin === own || url.protocol === "data:") {
      return route.continue();
    }
    found.outside.push(`asks ${url.origin} for ${route.request().resourceType()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("pageerror", (error) => found.errors.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // Policies broken, mostly. What could not be loaded is told by the reply or as asked of others.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      found.errors.push(`console: ${message.text()}`);
    }
  });
  page.on("response", (reply) => {
    if (reply.status() >= 400) {
      found.errors.push(`${reply.status()} for ${new URL(reply.url()).pathname}`);
    }
  });
  try {
    await page.goto(ask.url, { waitUntil: "load" });
    return await look(page);
  } finally {
    await context.close();
  }
}

// WCAG 2.2 AA and axe's good practice, in the colours that the visitor's system asks for.
async function axe(page, name) {
  // Evaluated, not added: a page's own policy would rightly refuse a script that it did not bring.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${name}: ${id}: ${help}: ${node.target.join(" ")}`));
}

// On a phone nothing may stick out to the side: names the innermost elements that do.
async function sideways(page) {
  return page.evaluate(() => {
    const view = document.documentElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= view) {
      return [];
    }
    const wide = [...document.body.querySelectorAll("*")].filter((element) =>
      element.getBoundingClientRect().right > view + 1);
    const inner = wide.filter((element) => !wide.some((other) => other !== element && element.contains(other)));
    return inner.slice(0, 5).map((element) =>
      `${element.tagName.toLowerCase()}${element.className ? `.${element.className}` : ""} ends at ` +
      `${Math.round(element.getBoundingClientRect().right)} of ${view} px`);
  });
}

// The ground of a page in dark mode is dark: relative luminance as WCAG 2 defines it.
async function dark(page) {
  return page.evaluate(() => {
    const ground = [document.body, document.documentElement]
      .map((element) => getComputedStyle(element).backgroundColor)
      .find((colour) => colour !== "rgba(0, 0, 0, 0)");
    // No colour of its own: the browser's ground, dark only where the page says that it can be.
    const schemes = getComputedStyle(document.documentElement).colorScheme;
    const [red, green, blue] = (ground ?? (schemes.includes("dark") ? "0 0 0" : "255 255 255"))
      .match(/[\d.]+/g).map((part) => Number(part) / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    return light > 0.2 ? [`its ground stays light in dark mode (luminance ${light.toFixed(2)})`] : [];
  });
}

// What a visitor must be able to read is there without JavaScript, and so is all else that is there with it.
async function script(page, ask, withScript) {
  const text = await visibleText(page);
  const missing = (ask.text ?? []).filter((words) => !text.includes(words))
    .map((words) => `without JavaScript nobody can read: ${words}`);
  if (missing.length === 0 && text !== withScript) {
    missing.push(`says ${text.length} characters without JavaScript and ${withScript.length} with it`);
  }
  return missing;
}

async function visibleText(page) {
  return (await page.locator("body").innerText()).replace(/\s+/g, " ").trim();
}

async function check(ask) {
  const found = { axe: [], sideways: [], script: [], dark: [], outside: [], errors: [] };
  let withScript = "";
  await visit(ask, {}, found, async (page) => {
    withScript = await visibleText(page);
    found.axe.push(...await axe(page, "light"));
  });
  await visit(ask, { colorScheme: "dark" }, found, async (page) => {
    found.dark.push(...await dark(page));
    found.axe.push(...await axe(page, "dark"));
  });
  await visit(ask, { viewport: PHONE, isMobile: true, hasTouch: true }, found, async (page) => {
    found.sideways.push(...await sideways(page));
    found.axe.push(...await axe(page, "phone"));
    if (ask.picture) {
      await page.screenshot({ path: ask.picture, fullPage: true });
    }
  });
  await visit(ask, { javaScriptEnabled: false }, found, async (page) => {
    found.script.push(...await script(page, ask, withScript));
  });
  for (const name of Object.keys(found)) {
    found[name] = [...new Set(found[name])];
  }
  return found;
}

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await check(JSON.parse(line));
  } catch (error) {
    answer = { failed: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
