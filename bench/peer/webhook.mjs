// webhook.mjs - what both peers share: a Fastify that hands out raw bodies, and the check of
// Shopify's signature over them, as the vendors' manuals show it.
import { createHmac, timingSafeEqual } from "node:crypto";
import Fastify from "fastify";

// A server whose JSON bodies stay the bytes that were signed.
export function serverNew() {
  const server = Fastify({ logger: false, bodyLimit: 4 * 1024 * 1024 });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body, done) => done(null, body));
  return server;
}

export function signatureCheck(secret, body, signature) {
  const want = createHmac("sha256", secret).update(body).digest();
  const got = Buffer.from(signature ?? "", "base64");
  return got.length === want.length && timingSafeEqual(got, want);
}

// Listens on a free port of loopback and says which; ends when asked to.
export async function serverRun(server, stop) {
  await server.listen({ host: "127.0.0.1", port: Number(process.env.PORT ?? 0) });
  console.log(`listening ${server.server.address().port}`);
  process.once("SIGTERM", async () => {
    await server.close();
    await stop?.();
    process.exit(0);
  });
}
