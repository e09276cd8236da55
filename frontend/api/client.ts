import createClient from "openapi-fetch";
import type { paths as AuditPaths } from "./audit";
import type { paths as NotificationPaths } from "./notifications";
import type { paths as TodoPaths } from "./todo";

/** A field that broke a rule, as the `errors` of a 422 answer list it. */
export interface FieldProblem {
  field: string;
  message: string;
}

/** An answer that is an error. `status` 0: there was no answer. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly errors: FieldProblem[] = [],
    /** Milliseconds that the server asks to wait for. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail);
    this.name = "ApiProblem";
  }
}

/** Who signs the requests; `sync/session` registers itself here. */
export interface Credentials {
  /** An access token that is good for a while, or null where nobody is signed in. */
  token(): Promise<string | null>;
  /** A token other than `refused`, which the server did not take. */
  renewed(refused: string | null): Promise<string | null>;
}

let credentials: Credentials = { token: async () => null, renewed: async () => null };

export function setCredentials(provider: Credentials): void {
  credentials = provider;
}

const TIMEOUT = 60_000;

function signed(request: Request, token: string | null): Promise<Response> {
  const headers = new Headers(request.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  return fetch(new Request(request, { headers, signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT)]) }));
}

/** `fetch` as the person who is signed in; an access token that is not taken is renewed once. */
export async function signedFetch(request: Request): Promise<Response> {
  if (/\/api\/auth\/(login|register|refresh)$/.test(new URL(request.url).pathname)) return signed(request, null);
  const again = request.clone();
  const token = await credentials.token();
  const response = await signed(request, token);
  if (response.status !== 401) return response;
  const renewed = await credentials.renewed(token);
  return renewed && renewed !== token ? signed(again, renewed) : response;
}

const options = { baseUrl: typeof location === "undefined" ? "" : location.origin, fetch: signedFetch };

export const todo = createClient<TodoPaths>(options);
export const notifications = createClient<NotificationPaths>(options);
export const audit = createClient<AuditPaths>(options);

/** The answer's body; throws an `ApiProblem` where it is an error or did not come. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  return (await answered(call)).data;
}

/** The same, with the response. */
export async function answered<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<{ data: T; response: Response }> {
  let outcome;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw new ApiProblem(0, "The server cannot be reached");
  }
  const { data, error, response } = outcome;
  if (response.ok) return { data: data as T, response };
  const body = (typeof error === "object" && error !== null ? error : {}) as { detail?: unknown; errors?: unknown };
  const seconds = Number(response.headers.get("Retry-After"));
  throw new ApiProblem(
    response.status,
    typeof body.detail === "string" ? body.detail : `The server answered ${response.status}`,
    Array.isArray(body.errors) ? (body.errors as FieldProblem[]) : [],
    seconds > 0 ? seconds * 1000 : null,
  );
}
