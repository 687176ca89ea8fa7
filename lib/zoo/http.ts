/** Requests that a server can neither prolong without end nor redirect to private networks. @module */

import { longestTimer, onServer } from "../platform.ts";
import { addressFault } from "./address.ts";
import { maximumRedirects } from "./limits.ts";

/** Options of a request. */
export interface RequestOptions {
  /** Aborts the request, which throws the signal's reason. */
  signal?: AbortSignal;
  /**
   * Milliseconds in which at least a kilobyte or the end must arrive; otherwise the request fails.
   *
   * @default {30000}
   */
  timeout?: number;
  /** Headers to send. */
  headers?: Readonly<Record<string, string>>;
}

/** An answer whose body is read in pieces. */
export interface Answer {
  /** Status and headers. */
  readonly response: Response;
  /**
   * The body, which can be read once; it fails if less than a kilobyte arrives in `timeout` milliseconds.
   *
   * @param limit Number of bytes after which it fails.
   */
  pieces(limit: number): AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

/** A request that failed. */
export class RequestError extends Error {
  /** Whether the same request may succeed later. */
  readonly isTemporary: boolean;
  /** Status of the answer, if the server refused. */
  readonly status?: number;
  /** Milliseconds to wait before the next request, if the server says so. */
  readonly retryAfter?: number;
  /** Makes the error; its message does not name the address, which the catcher adds. */
  constructor(
    message: string,
    isTemporary: boolean,
    options: ErrorOptions & { status?: number; retryAfter?: number } = {},
  ) {
    super(message, options);
    this.name = "RequestError";
    this.isTemporary = isTemporary;
    this.status = options.status;
    this.retryAfter = options.retryAfter;
  }
}

/**
 * Requests a file. Redirects are followed only to public https addresses, and no cookie or password
 * is sent.
 *
 * @throws {RequestError} If the address is not allowed, the server cannot be reached, or it refuses.
 */
export async function request(url: URL, options: RequestOptions = {}): Promise<Answer> {
  const { signal, timeout = 30_000 } = options;
  signal?.throwIfAborted();
  const watch = new Watch(timeout, signal);
  try {
    const response = await follow(url, options, watch);
    // Servers of single-page applications send their page in place of what they lack.
    const isPage = response.headers.get("content-type")?.startsWith("text/html");
    if (!response.ok || isPage) {
      await response.body?.cancel();
      throw refusal(response);
    }
    return { response, pieces: (limit) => read(response, limit, watch) };
  } catch (cause) {
    watch.end();
    throw watch.explain(cause);
  }
}

/** Follows redirects one by one, each address checked; a browser follows them by itself. */
async function follow(start: URL, { headers }: RequestOptions, watch: Watch): Promise<Response> {
  let url = start;
  for (let redirects = 0;; redirects++) {
    const fault = addressFault(url, redirects > 0 ? start : undefined);
    if (fault) {
      const where = redirects > 0 ? `it redirects to ${url.host || url.protocol}: ` : "";
      throw new RequestError(where + fault, false);
    }
    const response = await fetch(url, {
      headers,
      redirect: onServer ? "manual" : "follow",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: watch.signal,
    });
    watch.restart();
    const isMoved = onServer && Math.floor(response.status / 100) === 3;
    const next = isMoved && response.headers.get("location");
    if (!next) return response;
    await response.body?.cancel();
    if (redirects === maximumRedirects) {
      throw new RequestError(`it redirects more than ${maximumRedirects} times`, false);
    }
    if (!URL.canParse(next, url)) {
      throw new RequestError("it redirects to an address that cannot be read", false);
    }
    url = new URL(next, url);
  }
}

function refusal({ ok, status, statusText, headers }: Response): RequestError {
  if (ok) return new RequestError("the server has only a page there", false, { status: 404 });
  const seconds = Number(headers.get("retry-after") ?? NaN);
  return new RequestError(
    `the server answered ${status} ${statusText}`.trim(),
    status === 408 || status === 429 || status >= 500,
    { status, retryAfter: Number.isFinite(seconds) ? Math.min(seconds, 30) * 1000 : undefined },
  );
}

async function* read(
  { body }: Response,
  limit: number,
  watch: Watch,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = body?.getReader();
  let received = 0;
  try {
    watch.restart();
    while (reader) {
      // Awaiting only the body would miss the timeout if the stream is not fetch's own.
      const { value, done } = await Promise.race([reader.read(), watch.aborted]);
      if (done) break;
      received += value.length;
      watch.count(value.length);
      if (received > limit) throw new RequestError(`it has more than ${limit} bytes`, false);
      // The consumer of the piece may be slow.
      const left = watch.pause();
      yield value as Uint8Array<ArrayBuffer>;
      watch.resume(left);
    }
  } catch (cause) {
    throw watch.explain(cause);
  } finally {
    watch.end();
    reader?.cancel().catch(() => {});
  }
}

/** The innermost reason: fetch itself mostly says "fetch failed", and Deno repeats the address. */
function wordsOf(error: Error): string {
  let inner = error;
  while (inner.cause instanceof Error && inner.cause.message) inner = inner.cause;
  return inner.message.replace(/^error sending request [^]*?\): /, "");
}

/** Bytes that must arrive within one timeout: a server that sends single bytes could block a program for weeks. */
const LEAST = 1024;

/** Aborts when the caller does, or when too little has arrived for too long. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timeout: number;
  readonly #outer?: AbortSignal;
  readonly #onAbort = () => this.#controller.abort(this.#outer!.reason);
  #timer?: ReturnType<typeof setTimeout>;
  #deadline = 0;
  #came = 0;
  /** Rejects with the reason. */
  readonly aborted: Promise<never>;

  constructor(timeout: number, outer?: AbortSignal) {
    this.#timeout = timeout;
    this.#outer = outer;
    const { promise, reject } = Promise.withResolvers<never>();
    this.aborted = promise;
    promise.catch(() => {});
    this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
    outer?.addEventListener("abort", this.#onAbort, { once: true });
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart() {
    this.#came = 0;
    this.resume(this.#timeout);
  }

  /** Stops the clock; returns the milliseconds that are left. */
  pause(): number {
    clearTimeout(this.#timer);
    return Math.max(0, this.#deadline - Date.now());
  }

  resume(milliseconds: number) {
    clearTimeout(this.#timer);
    this.#deadline = Date.now() + milliseconds;
    const time = Math.min(milliseconds, longestTimer);
    this.#timer = setTimeout(() => this.#controller.abort(this.#silence()), time);
  }

  /** Counts received bytes; enough of them restart the timeout. */
  count(bytes: number) {
    this.#came += bytes;
    if (this.#came >= LEAST) this.restart();
  }

  #silence(): RequestError {
    const came = this.#came > 0 ? `only ${this.#came} bytes` : "nothing";
    return new RequestError(`${came} arrived for ${this.#timeout / 1000} s`, true);
  }

  end() {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }

  /** The error to throw when a request or a body has rejected. */
  explain(cause: unknown): unknown {
    if (this.#outer?.aborted) return this.#outer.reason;
    if (this.signal.aborted) return this.signal.reason;
    if (cause instanceof RequestError) return cause;
    return new RequestError(wordsOf(cause as Error), true, { cause });
  }
}
