/** The OpenAPI 3.1 document, made of the table of routes and its schemas. */
import { z } from "zod";
import { answerHeaders, problem, wordsType } from "../protocol/gateway-api.js";
import { type Route, routes } from "./routes.js";

type Json = Record<string, unknown>;

/** Problems that every route has. */
const common: Readonly<Record<number, string>> = {
  400: "the request is malformed",
  401: "the token is missing or nobody's",
  429: "too many requests, sessions or runs; Retry-After says when again",
  503: "the state cannot be kept; the gateway takes nothing",
};
const problems: Readonly<Record<number, string>> = {
  404: "it is not there, or another user's",
  409: "the id is taken by another program, or the session is spent",
  410: "the answer was forgotten",
  413: "too long",
  422: "the words are no program",
  424: "the run has no answer: it failed, was cancelled, or its outcome is unknown",
  429: common[429] as string,
};

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return json;
}

function contentOf(answer: z.ZodType | { readonly words: string } | string): Json {
  if (typeof answer === "string") return { description: answer };
  if ("words" in answer && typeof answer.words === "string") {
    const headers = Object.values(answerHeaders).map((name) => [name, { schema: { type: "string" } }]);
    const content = { [wordsType]: { schema: { type: "string", format: "binary" } } };
    return { description: answer.words, headers: Object.fromEntries(headers), content };
  }
  const schema = answer as z.ZodType;
  return { description: "done", content: { "application/json": { schema: schemaOf(schema, "output") } } };
}

function parameters(schema: z.ZodObject | undefined, place: "path" | "query"): Json[] {
  return Object.entries(schema?.shape ?? {}).map(([name, field]) => ({
    name,
    in: place,
    required: place === "path",
    schema: schemaOf(field as z.ZodType, "output"),
  }));
}

function bodyOf({ body }: Route): Json {
  if (body === undefined) return {};
  if ("words" in body && typeof body.words === "string") {
    const content = { [wordsType]: { schema: { type: "string", format: "binary" } } };
    return { requestBody: { description: body.words, content } };
  }
  const schema = schemaOf(body as z.ZodObject, "input");
  return { requestBody: { content: { "application/json": { schema } } } };
}

function operation(route: Route): Json {
  const answers = Object.entries(route.answers).map(([status, answer]) => [status, contentOf(answer)]);
  const told = { ...common, ...Object.fromEntries(route.problems.map((status) => [status, problems[status]])) };
  const failures = Object.entries(told).map(([status, description]) => [
    status,
    { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
  ]);
  return {
    summary: route.about,
    parameters: [...parameters(route.params, "path"), ...parameters(route.query, "query")],
    ...bodyOf(route),
    responses: { ...Object.fromEntries(answers), ...Object.fromEntries(failures) },
    security: [{ token: [] }],
  };
}

/** @param version of hxloop */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "hxloop gateway", version, description: "Boards shared over HTTP: docs/gateway.md." },
    paths,
    components: {
      schemas: { Problem: schemaOf(problem, "output") },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}
