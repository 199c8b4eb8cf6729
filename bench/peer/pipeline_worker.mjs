// pipeline_worker.mjs - jobs of the queue into mails: read, render, hand to nodemailer's pool.
//
//   REDIS_PORT=... SMTP_PORT=... [POOL=10] [DKIM_KEY=file] node pipeline_worker.mjs
//
// The pool's connections stay open (maxMessages), and twice as many jobs as connections are in work,
// so that a connection never waits for a render.
import { readFileSync } from "node:fs";
import { Worker } from "bullmq";
import { createTransport } from "nodemailer";
import { mailMake } from "./order_confirmation.mjs";

const { REDIS_PORT, SMTP_PORT, POOL = "10", DKIM_KEY } = process.env;
const dkim = DKIM_KEY && {
  domainName: "bench.example", keySelector: "bench", privateKey: readFileSync(DKIM_KEY, "utf8") };
const transport = createTransport({
  host: "127.0.0.1", port: Number(SMTP_PORT), secure: false, ignoreTLS: true,
  pool: true, maxConnections: Number(POOL), maxMessages: Infinity, ...(dkim ? { dkim } : {}),
});
const worker = new Worker("orders", async (job) => {
  const answer = await transport.sendMail(mailMake(JSON.parse(job.data)));
  return answer.response;
}, { connection: { host: "127.0.0.1", port: Number(REDIS_PORT) }, concurrency: Number(POOL) * 2 });
worker.on("error", (error) => console.error(error.message));
worker.on("failed", (job, error) => console.error(`job ${job?.id}: ${error.message}`));
await worker.waitUntilReady();
console.log("listening 0");
process.once("SIGTERM", async () => {
  await worker.close();
  transport.close();
  process.exit(0);
});
