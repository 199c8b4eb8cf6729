// screens.mjs - pictures of mails: a line in is {"html": text, "width": 360, "dark": false, "images": true, "file": ...},
// a line out is {"overflow": pixels by which the mail is wider than the screen, "font": the family that is used}.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" width="240" height="60"><rect width="240" height="60" rx="12"
  fill="#c2410c"/><text x="120" y="40" font-family="sans-serif" font-size="28" fill="#fff" text-anchor="middle">Demo
  Shop</text></svg>`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
});
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const context = await browser.newContext({
    viewport: { width: ask.width, height: 800 }, colorScheme: ask.dark ? "dark" : "light", javaScriptEnabled: true });
  await context.route("**", (route) => ask.images && route.request().resourceType() === "image"
    ? route.fulfill({ contentType: "image/svg+xml", body: LOGO }) : route.abort());
  const page = await context.newPage();
  await page.setContent(ask.html, { waitUntil: "load" });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (ask.file) {
    await page.screenshot({ path: ask.file, fullPage: true });
  }
  await context.close();
  process.stdout.write(JSON.stringify({ overflow }) + "\n");
}
await browser.close();
