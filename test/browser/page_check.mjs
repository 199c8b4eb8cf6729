// page_check.mjs - looks at one page after the other in Debian's Chromium and says what is wrong with it.
//
// A line in, a line out, both JSON:
//   {"url": ..., "text": [what a visitor must be able to read], "picture": file to save it to}
//   -> {"axe": [...], "sideways": [...], "script": [...], "dark": [...], "outside": [...], "errors": [...]}
// Each list holds sentences; an empty one means that this check found nothing. Which check looks for
// what stands at its function.
//
// A page behind a sign-in: "cookies": {name: value}. One that answers a form: "fill": {selector: value} and
// "press": selector, done before anything is looked at. "walk": true adds "keys", "strange": true adds "strange";
// "only": "strange" looks for nothing else.

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
  if (ask.init) {
    await context.addInitScript(ask.init);
  }
  if (ask.cookies) {
    await context.addCookies(Object.entries(ask.cookies).map(([name, value]) => ({ name, value, url: own })));
  }
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
    for (const [selector, value] of Object.entries(ask.fill ?? {})) {
      await page.fill(selector, value);
    }
    if (ask.press) {
      await Promise.all([page.waitForEvent("load"), page.click(ask.press)]);
    }
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

// From key to key: everything that can be used is reached, once, and whoever is there sees where: a ring around it, in
// view, below nothing else (WCAG 2.1.1, 2.1.2, 2.4.7, 2.4.11).
async function keys(page, name) {
  const wrong = [];
  const reached = await page.evaluate(() => {
    // What of a page can be used. Of radio buttons with one name, one stands for all.
    const groups = new Set();
    window.wanted = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
      .filter((element) => {
        const group = element.type === "radio" && `${element.form?.action} ${element.name}`;
        const seen = group && groups.has(group);
        groups.add(group);
        return !seen && !element.disabled && element.type !== "hidden" && element.checkVisibility();
      });
    document.activeElement?.blur();
    return window.wanted.length;
  });
  const seen = new Set();
  for (let turn = 0; turn < reached * 2 + 20 && seen.size < reached; turn += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      const group = window.wanted.findIndex((other) => other === element || (element.type === "radio" &&
        other.type === "radio" && other.name === element.name && other.form === element.form));
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const x = Math.min(Math.max(box.left + box.width / 2, 1), innerWidth - 1);
      const y = Math.min(Math.max(box.top + Math.min(box.height, 40) / 2, 1), innerHeight - 1);
      const above = document.elementFromPoint(x, y);
      return {
        group, what: element.outerHTML.slice(0, 90), frame: element.tagName === "IFRAME",
        ring: style.outlineStyle === "auto" || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
        view: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        covered: !(above && (element.contains(above) || above.contains(element) ||
          above.closest("label")?.control === element)),
      };
    });
    if (at.group < 0 || seen.has(at.group)) {
      continue;
    }
    seen.add(at.group);
    for (const [bad, words] of [[!at.ring, "has no ring around it"], [!at.view, "is out of view"],
      [at.covered, "is below something else"]]) {
      if (bad) {
        wrong.push(`${name}: with the focus it ${words}: ${at.what}`);
      }
    }
  }
  for (const missed of await page.evaluate((got) => window.wanted.filter((_, index) => !got.includes(index))
    .map((element) => element.outerHTML.slice(0, 90)), [...seen])) {
    wrong.push(`${name}: no key reaches ${missed}`);
  }
  return wrong;
}

// Words that came from elsewhere stay words: with the page's policy switched off nothing of theirs runs, and no element
// has what our templates never write.
async function strange(page) {
  return page.evaluate(async () => {
    for (const element of document.querySelectorAll("body *")) {
      for (const name of ["mouseover", "focus", "error", "load", "toggle", "animationstart"]) {
        element.dispatchEvent(new Event(name, { bubbles: false }));
      }
    }
    await new Promise((done) => { setTimeout(done, 50); });
    const found = window.hits ? [`script of somebody else's ran ${window.hits} times`] : [];
    for (const element of document.querySelectorAll("*")) {
      const html = element.outerHTML.slice(0, 120);
      if (["SCRIPT", "OBJECT", "EMBED", "BASE", "MATH", "MARQUEE"].includes(element.tagName)) {
        found.push(`an element that we never write: ${html}`);
      }
      for (const { name, value } of element.attributes) {
        if (element.rel !== "icon" && (name.startsWith("on") || name === "style" || name === "srcdoc" ||
            /^\s*(javascript|vbscript|data):/i.test(value) && ["href", "src", "action", "formaction"].includes(name))) {
          found.push(`an attribute that we never write: ${name} in ${html}`);
        }
      }
    }
    return found.slice(0, 5);
  });
}

async function strangeOf(ask) {
  const apart = { outside: [], errors: [] }; // what it tries to load is told by what it is
  const init = "window.hits = 0; window.hit = () => { window.hits += 1; }; window.alert = window.hit;";
  return visit({ ...ask, init }, { bypassCSP: true }, apart, strange);
}

async function check(ask) {
  const found = { axe: [], sideways: [], script: [], dark: [], outside: [], errors: [] };
  let withScript = "";
  if (ask.only === "strange") {
    return { strange: await strangeOf(ask) };
  }
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
  if (ask.walk) {
    found.keys = [];
    for (const [name, options] of [["desk", {}], ["phone", { viewport: PHONE }]]) {
      await visit(ask, options, found, async (page) => found.keys.push(...await keys(page, name)));
    }
  }
  if (ask.strange) {
    found.strange = await strangeOf(ask);
  }
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
