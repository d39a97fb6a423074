/** A client of Hansa: every path of the platform's document, typed. */

import createClient, { type Client } from "openapi-fetch";
import { keyed } from "./keyed.js";
import { Problem } from "./problem.js";
import { type Fetch, retrying } from "./retry.js";
import type { components, paths } from "./schema.js";

export { type FieldError, Problem } from "./problem.js";
export type Schemas = components["schemas"];
export type Hansa = Client<paths>;

export interface Options {
  /** Instead of the runtime's own. */
  fetch?: Fetch;
  /** Of each attempt. */
  timeoutMs?: number;
}

/** One credential at one gateway. A refusal is thrown as `Problem`. */
export function hansa(url: string, key: string, options: Options = {}): Hansa {
  const send = options.fetch ?? ((request) => fetch(request));
  const client = createClient<paths>({
    baseUrl: url,
    fetch: retrying(send, options.timeoutMs ?? 30_000),
    headers: { Authorization: `Bearer ${key}` },
    bodySerializer: (body) => (isRaw(body) ? body : JSON.stringify(body)),
  });
  client.use({
    onRequest({ request, schemaPath }) {
      const isMissing = !request.headers.has("Idempotency-Key");
      if (request.method === "POST" && keyed.has(schemaPath) && isMissing) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      if (!response.ok) throw await Problem.of(response);
    },
  });
  return client;
}

/** The answer alone: `const order = await answered(client.POST("/v1/orders", { body }))`. */
export async function answered<T>(asked: Promise<{ data?: T }>): Promise<T> {
  return (await asked).data as T;
}

/** Files travel as they are. */
function isRaw(body: unknown): body is string | Blob | Uint8Array<ArrayBuffer> {
  return typeof body === "string" || body instanceof Blob || body instanceof Uint8Array;
}
