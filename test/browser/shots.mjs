// shots.mjs - pictures of pages as people see them: a line in is {"url", "width", "height", "cookies": [...], "file"}, a
// line out is {"status": of the page}.
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
});
for await (const line of createInterface({ input: process.stdin })) {
  const ask = JSON.parse(line);
  const context = await browser.newContext({
    viewport: { width: ask.width, height: ask.height }, colorScheme: "light", timezoneId: "UTC" });
  await context.addCookies(ask.cookies ?? []);
  const page = await context.newPage();
  const answer = await page.goto(ask.url, { waitUntil: "networkidle" });
  await page.screenshot({ path: ask.file });
  await context.close();
  process.stdout.write(JSON.stringify({ status: answer.status() }) + "\n");
}
await browser.close();
