/** Who may do what: tokens, other users' sessions, addresses, certificates; and what malformed requests do. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { get } from "node:https";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/base/rng.js";
import type { RunningGateway } from "../../src/gateway/start.js";
import { Tokens } from "../../src/gateway/tokens.js";
import { Client, halt, startTestGateway, temporaryFolder, words } from "./support.js";

const [alice, bob] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
let running: RunningGateway;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let tokens = "";
beforeAll(async () => {
  folder = await temporaryFolder();
  tokens = join(folder.path, "users");
  await writeFile(tokens, `# who\nalice ${alice}\nbob ${bob}\n`, { mode: 0o600 });
  running = await startTestGateway(
    join(folder.path, "state"),
    { requestLimitMs: 1000, maxRequestsPer10s: 5000 },
    { tokens },
  );
});
afterAll(async () => {
  await running?.close();
  await folder?.remove();
});

describe("users", () => {
  it("need a token for everything but health and the document", async () => {
    for (const token of [undefined, "wrong", `${alice}x`]) {
      const client = new Client(running.url, token);
      const reply = await client.send("GET", "/boards");
      expect([reply.status, reply.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect((await client.send("GET", "/metrics")).status).toBe(401);
      expect((await client.send("GET", "/health")).status).toBe(200);
    }
  });

  it("neither see nor disturb each other's sessions", async () => {
    const [a, b] = [new Client(running.url, alice), new Client(running.url, bob)];
    const session = await a.session();
    await a.run(session, "mine", words(halt));
    const attempts: [string, string, Uint8Array?][] = [
      ["GET", session],
      ["DELETE", session],
      ["GET", `${session}/events`],
      ["GET", `${session}/runs/mine`],
      ["GET", `${session}/runs/mine/answer`],
      ["DELETE", `${session}/runs/mine`],
      ["PUT", `${session}/runs/mine`, words(halt)],
      ["PUT", `${session}/reinit`, words(halt)],
    ];
    const never = "/sessions/00000000000000000000000000000000";
    for (const [method, path, body] of attempts) {
      const reply = await b.send(method, path, body);
      // The same answer as for a session that never was.
      const none = await b.send(method, path.replace(session, never), body);
      expect([reply.status, await reply.text()]).toEqual([404, await none.text()]);
    }
    expect(await a.json("GET", `${session}/runs/mine`)).toMatchObject({ state: "answered" });
  });
});

describe("the file of tokens", () => {
  it("is refused when others can read it, or it says nothing sensible", async () => {
    await chmod(tokens, 0o644);
    await expect(Tokens.read(tokens)).rejects.toMatchObject({ _tag: "TokensInvalid" });
    await chmod(tokens, 0o600);
    for (const text of ["", "alice short", "alice", `a ${alice}\na ${bob}`, `${"x".repeat(65)} ${alice}`])
      expect(() => new Tokens(text)).toThrow(expect.objectContaining({ _tag: "TokensInvalid" }));
  });
});

describe("an address beyond loopback", () => {
  it("is refused without tokens and TLS", async () => {
    const start = (more: object) => startTestGateway(join(folder.path, "other"), {}, { host: "0.0.0.0", ...more });
    await expect(start({})).rejects.toMatchObject({ _tag: "UnsupportedTarget" });
    await expect(start({ tokens })).rejects.toMatchObject({ _tag: "UnsupportedTarget" });
  });

  it("is served with both", async () => {
    const [tlsKey, tlsCert] = [join(folder.path, "key.pem"), join(folder.path, "cert.pem")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const how = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    execFileSync("openssl", [...how, ...subject, "-keyout", tlsKey, "-out", tlsCert], { stdio: "ignore" });
    const secure = await startTestGateway(join(folder.path, "tls"), {}, { host: "0.0.0.0", tokens, tlsKey, tlsCert });
    try {
      const options = {
        port: new URL(secure.url).port,
        host: "localhost",
        path: "/health",
        ca: await readFile(tlsCert),
      };
      const status = await new Promise((resolve, reject) => {
        get(options, (reply) => resolve(reply.resume().statusCode)).on("error", reject);
      });
      expect(status).toBe(200);
    } finally {
      await secure.close();
    }
  });
});

describe("hostile input", () => {
  const send = (bytes: Uint8Array): Promise<string> =>
    new Promise((resolve) => {
      const { hostname, port } = new URL(running.url);
      const socket: Socket = connect(Number(port), hostname);
      let text = "";
      socket.setTimeout(3000, () => socket.destroy());
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
      socket.end(bytes);
    });

  it("is answered with a refusal or a closed connection, and the next good client is served", async () => {
    const rng = Rng.fromSeed(5).fork("hostile");
    const good = `PUT /sessions/${"0".repeat(32)}/runs/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${alice}\r\nContent-Type: application/octet-stream\r\nContent-Length: 8\r\nConnection: close\r\n\r\n\0\0\0\0\0\0\0\0`;
    const count = Number(process.env.HOSTILE_REQUESTS ?? 300);
    const statuses = new Set<string>();
    for (let i = 0; i < count; i += 10) {
      const batch = Array.from({ length: 10 }, () => {
        const bytes = new Uint8Array(Buffer.from(good, "latin1"));
        const changes = 1 + rng.int(6);
        for (let k = 0; k < changes; k++) bytes[rng.int(bytes.length)] = rng.int(256);
        return bytes.subarray(0, rng.uniform() < 0.2 ? rng.int(bytes.length) : bytes.length);
      });
      for (const text of await Promise.all(batch.map(send))) statuses.add(text.slice(0, 12));
    }
    // Never a success, and never an error of ours.
    for (const status of statuses) expect(status).toMatch(/^$|^HTTP\/1\.1 4\d\d|^HTTP\/1\.1 (501|505)/);
    const client = new Client(running.url, bob);
    const session = await client.session();
    await client.run(session, "good", words(halt));
    await client.send("DELETE", session);
  }, 60_000);

  it("is refused for its size before it is taken", async () => {
    const reply = await new Client(running.url, alice).send("POST", "/boards/0/sessions", { x: "y".repeat(100_000) });
    expect(reply.status).toBe(413);
  });

  it("is cut off when it comes too slowly", async () => {
    const { hostname, port } = new URL(running.url);
    const socket = connect(Number(port), hostname);
    const from = performance.now();
    const ended = new Promise<void>((resolve) => socket.on("close", () => resolve()).on("error", () => undefined));
    socket.write("GET /health HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("X: y\r\n"), 200);
    socket.resume();
    await ended;
    clearInterval(drip);
    // Limit of 1 s and a look every half; a bound, not a figure.
    expect(performance.now() - from).toBeLessThan(20_000);
  });
});
