// pipeline_web.mjs - webhooks into a BullMQ queue; the delivery id is the job's id, so a repeated
// delivery is one job.
//
//   REDIS_PORT=... SECRET=... node pipeline_web.mjs
import { Queue } from "bullmq";
import { serverNew, serverRun, signatureCheck } from "./webhook.mjs";

const { REDIS_PORT, SECRET } = process.env;
const queue = new Queue("orders", {
  connection: { host: "127.0.0.1", port: Number(REDIS_PORT), enableAutoPipelining: true },
  defaultJobOptions: {
    attempts: 5, backoff: { type: "exponential", delay: 1000 }, removeOnComplete: { count: 1000 }, removeOnFail: false },
});

const server = serverNew();
server.post("/in/:shop/shopify", async (request, reply) => {
  const headers = request.headers;
  if (!signatureCheck(SECRET, request.body, headers["x-shopify-hmac-sha256"])) return reply.code(401).send();
  await queue.add("confirm", request.body.toString("utf8"), { jobId: headers["x-shopify-webhook-id"] });
  return reply.code(200).send();
});
server.get("/count", async () => queue.getJobCounts("wait", "active", "delayed", "failed", "completed"));
await serverRun(server, () => queue.close());
