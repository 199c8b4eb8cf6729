// intake_fastify.mjs - durable webhook intake with Fastify and better-sqlite3.
//
//   DATA=folder SECRET=... [GROUP=1] node intake_fastify.mjs
//
// WAL and synchronous=FULL, so a 2xx means the bytes are on the disk; the delivery id is unique. One
// statement prepared once, one process: SQLite has one writer. With GROUP=1 all requests that are
// waiting when the event loop comes round share a transaction, which a developer who measured would
// write next; without it every request commits by itself, as the manual's examples do.
import Database from "better-sqlite3";
import { serverNew, serverRun, signatureCheck } from "./webhook.mjs";

const { DATA, SECRET, GROUP } = process.env;
const db = new Database(`${DATA}/intake.db`);
db.pragma("journal_mode = WAL");
db.pragma("synchronous = FULL");
db.exec(`CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY, delivery TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL)`);
const insert = db.prepare("INSERT INTO inbox (delivery, topic, at, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
const insertAll = db.transaction((rows) => rows.forEach((row) => insert.run(row)));

let waiting = [];

function groupCommit() {
  const group = waiting;
  waiting = [];
  try {
    insertAll(group.map((one) => one.row));
    group.forEach((one) => one.done());
  } catch (error) {
    group.forEach((one) => one.failed(error));
  }
}

function rowSave(row) {
  if (!GROUP) return insert.run(row);
  return new Promise((done, failed) => {
    if (waiting.push({ row, done, failed }) === 1) setImmediate(groupCommit);
  });
}

const server = serverNew();
server.post("/in/:shop/shopify", async (request, reply) => {
  const headers = request.headers;
  if (!signatureCheck(SECRET, request.body, headers["x-shopify-hmac-sha256"])) return reply.code(401).send();
  await rowSave([headers["x-shopify-webhook-id"], headers["x-shopify-topic"], Date.now(), request.body]);
  return reply.code(200).send();
});
server.get("/count", async () => db.prepare("SELECT count(*) AS count FROM inbox").get());
await serverRun(server, () => db.close());
