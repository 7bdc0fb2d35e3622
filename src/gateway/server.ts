/**
 * The gateway on a socket: HTTP in, calls of the routes out. Bounds what a client may send and how long it may take for
 * it, finds out who it is, and tells problems as RFC 9457 has them. What a request means is not known here.
 */
import { createHash } from "node:crypto";
import rateLimit from "@fastify/rate-limit";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { z } from "zod";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/log.js";
import { answerHeaders, type Problem } from "../protocol/gateway-api.js";
import { streamEvents } from "./event-stream.js";
import type { Gateway } from "./gateway.js";
import { Metrics } from "./metrics.js";
import { openApiDocument } from "./openapi.js";
import { RequestProblem } from "./problem.js";
import { type Reply, type Route, routes, wordsType } from "./routes.js";
import type { Tokens } from "./tokens.js";

export interface ServerOptions {
  readonly gateway: Gateway;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

export interface GatewayServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Bytes of a JSON body, and of words beyond the program's limit, so that the refusal can say by how much. */
const maxJsonBytes = 1 << 16;

/** @throws the system's error when the address cannot be had */
export async function serveGateway(options: ServerOptions): Promise<GatewayServer> {
  const { gateway, tls, host, port } = options;
  const { maxProgramBytes, requestLimitMs, maxConnections } = gateway.limits;
  // How often the server looks for requests that take too long to arrive.
  const bounds = { connectionsCheckingInterval: Math.min(requestLimitMs / 2, 5000) };
  const app: FastifyInstance = fastify({
    logger: false,
    bodyLimit: maxProgramBytes,
    requestTimeout: requestLimitMs,
    connectionTimeout: 0,
    keepAliveTimeout: 30_000,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 64 },
    return503OnClosing: true,
    ...(tls === undefined ? { http: bounds } : { https: { ...tls, ...bounds, minVersion: "TLSv1.2" as const } }),
  } as object);
  app.server.maxConnections = maxConnections;
  app.server.headersTimeout = Math.min(requestLimitMs, 20_000);
  app.removeAllContentTypeParsers();
  const parseAs = "buffer" as const;
  app.addContentTypeParser(
    wordsType,
    { parseAs, bodyLimit: maxProgramBytes },
    async (_: unknown, body: Buffer) => body,
  );
  app.addContentTypeParser("application/json", { parseAs, bodyLimit: maxJsonBytes }, async (_: unknown, body: Buffer) =>
    parseJson(body),
  );
  const metrics = new Metrics(gateway);
  identify(app, options);
  await app.register(rateLimit, {
    max: gateway.limits.maxRequestsPer10s,
    timeWindow: 10_000,
    keyGenerator: (request) => (request as Identified).user ?? `address ${request.ip}`,
    errorResponseBuilder: (_, { ttl, max }) =>
      new RequestProblem(429, "TooManyRequests", `more than ${max} requests in 10 s`, {
        retryAfterS: Math.max(1, Math.ceil(ttl / 1000)),
        limit: max,
      }),
  });
  app.setErrorHandler(async (error, _, reply) => tell(reply, problemOf(error, options)));
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, async (_, reply) =>
    tell(reply, new RequestProblem(404, "NoSuchResource", "there is no such resource; see /openapi.json")),
  );
  plain(app, options, metrics);
  for (const route of routes) mount(app, route, options);
  app.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "none";
    metrics.observe(route, request.method, reply.statusCode, reply.elapsedTime / 1000);
  });
  const url = await app.listen({ host, port });
  return { url, close: () => app.close() };
}

type Identified = FastifyRequest & { user?: string };

/** Who it is comes before everything that costs; what is nobody's gets no further. */
function identify(app: FastifyInstance, { tokens }: ServerOptions): void {
  app.decorateRequest("user");
  app.addHook("onRequest", async (request: Identified) => {
    const user = tokens.userOf(request.headers.authorization);
    if (user !== undefined) request.user = user;
  });
}

/** Resources for people and machines beside the users. Health is open: it says no more than that somebody is there. */
function plain(app: FastifyInstance, { gateway, version }: ServerOptions, metrics: Metrics): void {
  const document = openApiDocument(version);
  app.get("/health", async (_, reply) => {
    const boards = [...gateway.boards.keys()].map((number) => ({
      board: number,
      state: gateway.boardInfo(number).state,
    }));
    const isWell = gateway.failure === undefined;
    return reply.status(isWell ? 200 : 503).send({ status: isWell ? "ok" : "state cannot be kept", boards });
  });
  app.get("/openapi.json", async () => document);
  app.get("/metrics", async (request: Identified, reply) => {
    requireUser(request);
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

function requireUser(request: Identified): string {
  if (request.user === undefined)
    throw new RequestProblem(401, "AccessDenied", "the token is missing or nobody's: Authorization: Bearer TOKEN");
  return request.user;
}

function mount(app: FastifyInstance, route: Route, { gateway, clock }: ServerOptions): void {
  const takesWords = route.body !== undefined && "words" in route.body && typeof route.body.words === "string";
  app.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ":$1"),
    // After the limit of requests, so that guesses are counted, and before a body is taken.
    preParsing: async (request: Identified) => void requireUser(request),
    handler: async (request: Identified, reply) => {
      const user = requireUser(request);
      if (gateway.failure !== undefined)
        throw new RequestProblem(503, "StateUnusable", "the gateway cannot keep its state; it takes nothing");
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      const params = checked(route.params, request.params, "path");
      const query = route.query === undefined ? {} : checked(route.query, request.query, "query");
      const body = takesWords
        ? wordsBody(request)
        : route.body && checked(route.body as z.ZodObject, request.body ?? {}, "body");
      const answer = await route.handle({ gateway, user, params, query, body, signal: gone.signal });
      return send(reply, answer, clock);
    },
  });
}

function wordsBody({ body }: FastifyRequest): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array(0);
  if (!Buffer.isBuffer(body)) throw new RequestProblem(415, "WrongContentType", `words come as ${wordsType}`);
  // Small ones lie in a buffer that is shared; the words are kept for long.
  return body.length < Buffer.poolSize
    ? new Uint8Array(body)
    : new Uint8Array(body.buffer, body.byteOffset, body.length);
}

function checked(schema: z.ZodObject, value: unknown, where: string): Record<string, unknown> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = issue === undefined || issue.path.length === 0 ? where : `${where}: ${issue.path.join(".")}`;
  throw new RequestProblem(400, "BadRequest", `${at}: ${issue?.message ?? "is not what it must be"}`);
}

function parseJson(body: Buffer): unknown {
  try {
    return body.length === 0 ? {} : (JSON.parse(body.toString("utf8")) as unknown);
  } catch (error) {
    throw new RequestProblem(400, "BadRequest", `the body is no JSON: ${(error as Error).message}`);
  }
}

function send(reply: FastifyReply, answer: Reply, clock: Clock): FastifyReply {
  reply.status(answer.status).header("cache-control", "no-store");
  if ("events" in answer) {
    streamEvents(reply, answer.events, clock);
    return reply;
  }
  if ("words" in answer) {
    const { words, headers } = answer;
    const digest = createHash("sha256").update(words).digest("hex");
    const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
    return reply
      .headers({ ...headers, [answerHeaders.digest]: digest })
      .type(wordsType)
      .send(bytes);
  }
  return "json" in answer ? reply.send(answer.json) : reply.send();
}

/** What a client may know of an error: ours as they are, the framework's by their status, all else nothing. */
function problemOf(error: unknown, { logger }: ServerOptions): RequestProblem {
  if (error instanceof RequestProblem) return error;
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message: string };
  if (statusCode === 413) return new RequestProblem(413, "TooLong", "the body is longer than the gateway takes");
  if (statusCode === 415) return new RequestProblem(415, "WrongContentType", `words come as ${wordsType}`);
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new RequestProblem(statusCode, "BadRequest", `${code ?? "refused"}: ${message}`);
  logger.error({ err: error }, "a request failed");
  return new RequestProblem(500, "Internal", "the gateway failed; its log says why");
}

function tell(reply: FastifyReply, { status, code, message, options }: RequestProblem): FastifyReply {
  const { retryAfterS, limit, instruction } = options;
  const told: Problem = {
    type: "about:blank",
    title: code,
    status,
    code,
    detail: message,
    ...(limit === undefined ? {} : { limit }),
    ...(instruction === undefined ? {} : { instruction }),
  };
  if (retryAfterS !== undefined) reply.header("retry-after", String(retryAfterS));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  return reply.status(status).type("application/problem+json").send(JSON.stringify(told));
}
