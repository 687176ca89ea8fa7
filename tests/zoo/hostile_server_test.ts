/**
 * Servers that violate HTTP or send byte by byte. The tests print each attack with its outcome.
 *
 * @module
 */

import { expect } from "expect";
import { sha256Of } from "../../lib/sha256.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";

const card = await readCard(new URL("../fixtures/zoo/tiny/", import.meta.url));
const text = await Deno.readTextFile(new URL("../fixtures/zoo/tiny/model.yml", import.meta.url));
const weights = crypto.getRandomValues(new Uint8Array(20_000));
const encoder = new TextEncoder();

/** Answers a connection, which is closed when this returns. */
type Behaviour = (
  write: (data: string | Uint8Array) => Promise<void>,
  closed: () => Promise<unknown>,
) => Promise<unknown>;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ok = (length: number | string, more = "") =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n${more}connection: close\r\n\r\n`;

/** Serves every connection in the same way, until it is disposed. */
function serve(behaviour: Behaviour) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const working = new Set<Promise<void>>();

  async function answer(connection: Deno.Conn): Promise<void> {
    const write = async (data: string | Uint8Array) => {
      const bytes = typeof data === "string" ? encoder.encode(data) : data;
      for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
    };
    const read = () => connection.read(new Uint8Array(4096));
    try {
      await read();
      await behaviour(write, read);
    } catch {
      // A client that refuses an answer closes the connection in the middle of it.
    } finally {
      connection.close();
    }
  }

  const answered = (async () => {
    for await (const connection of listener) working.add(answer(connection));
  })();
  return {
    url: `http://127.0.0.1:${listener.addr.port}/`,
    async [Symbol.asyncDispose]() {
      listener.close();
      await answered;
      await Promise.all(working);
    },
  };
}

const cards: Record<string, [Behaviour, RegExp]> = {
  "a card, byte by byte": [
    async (write) => {
      await write(ok(text.length));
      for (const character of text) await write(character).then(() => pause(50));
    },
    /only \d+ bytes arrived for 1 s/,
  ],
  "a card that is shorter than announced": [
    (write) => write(ok(text.length + 9) + text),
    /Cannot read/,
  ],
  "a card that is longer than announced": [
    (write) => write(ok(300) + text),
    /Cannot use the model/,
  ],
  "a card with two lengths": [
    (write) => write(ok(300, `content-length: ${text.length}\r\n`) + text),
    /Cannot (?:read|use)/,
  ],
  "a card with a length of 40 digits": [
    (write) => write(ok("9".repeat(40)) + text),
    /Cannot read/,
  ],
  "a card with a negative length": [(write) => write(ok(-1) + text), /Cannot read/],
  "endless headers": [
    async (write) => {
      await write("HTTP/1.1 200 OK\r\n");
      for (let i = 0;; i++) await write(`x${i}: ${"y".repeat(1000)}\r\n`);
    },
    /Cannot read/,
  ],
  "headers, byte by byte": [
    async (write) => {
      await write("HTTP/1.1 200 OK\r\nx: ");
      for (;;) await write("y").then(() => pause(50));
    },
    /nothing arrived for 1 s/,
  ],
  "endless interim answers": [
    async (write) => {
      for (;;) await write("HTTP/1.1 100 Continue\r\n\r\n").then(() => pause(5));
    },
    /Cannot read/,
  ],
  "chunks with a length of 30 digits": [
    (write) =>
      write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${"f".repeat(30)}\r\n${text}`),
    /Cannot read/,
  ],
  "endless trailers": [
    async (write) => {
      await write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n#\r\n0\r\n");
      for (let i = 0;; i++) await write(`x${i}: ${"y".repeat(1000)}\r\n`);
    },
    /Cannot (?:read|use)/,
  ],
  "an answer that is not HTTP": [(write) => write("220 ftp ready\r\n"), /Cannot read/],
  "no answer": [(_, closed) => closed(), /nothing arrived for 1 s/],
};

for (const [name, [behaviour, expected]] of Object.entries(cards)) {
  Deno.test(`readCard() refuses ${name} from a hostile server`, async () => {
    const cache = await Deno.makeTempDir();
    await using server = serve(behaviour);
    const options = { cache, timeout: 1000, retries: 0, signal: AbortSignal.timeout(60_000) };
    const error = await readCard(`${server.url}entry/`, options).then(
      () => new Error("it was accepted"),
      (error) => error as Error,
    );
    console.log(`  ${name}: ${error.message.slice(0, 160)}`);
    expect(error.message).toMatch(expected);
    await Deno.remove(cache, { recursive: true });
  });
}

const partly = (range: string, body: Uint8Array, more = "") =>
  encoderJoin(
    `HTTP/1.1 206 Partial Content\r\ncontent-range: ${range}\r\ncontent-length: ${body.length}\r\n` +
      `${more}connection: close\r\n\r\n`,
    body,
  );

function encoderJoin(head: string, body: Uint8Array): Uint8Array {
  const bytes = encoder.encode(head);
  const all = new Uint8Array(bytes.length + body.length);
  all.set(bytes);
  all.set(body, bytes.length);
  return all;
}

const graphs: Record<string, [Behaviour, RegExp]> = {
  "weights, byte by byte": [
    async (write) => {
      await write(ok(weights.length));
      for (const byte of weights) await write(Uint8Array.of(byte)).then(() => pause(20));
    },
    /only \d+ bytes arrived for 1 s/,
  ],
  "weights of a range that was not requested": [
    (write) => write(partly("bytes 500-19999/20000", weights.subarray(500))),
    /another range than requested/,
  ],
  "weights without bounds in their range": [
    (write) => write(partly("bytes */20000", weights)),
    /another range than requested/,
  ],
  "weights with an empty range": [
    (write) => write(partly("", weights.subarray(9))),
    /another range than requested/,
  ],
  "weights with an ETag of 5000 characters": [
    (write) =>
      write(
        encoderJoin(
          ok(weights.length, `etag: "${"x".repeat(5000)}"\r\n`),
          weights.subarray(0, 5000),
        ),
      ),
    /Cannot fetch/,
  ],
  "weights with an ETag that points out of the folder": [
    (write) =>
      write(encoderJoin(ok(weights.length, `etag: "/../../x"\r\n`), weights.subarray(0, 5000))),
    /Cannot fetch/,
  ],
};

for (const [name, [behaviour, expected]] of Object.entries(graphs)) {
  Deno.test(`fetchGraph() refuses ${name} from a hostile server`, async () => {
    const place = await Deno.makeTempDir();
    const cache = `${place}/a/b`;
    await using server = serve(behaviour);
    const graph = {
      ...card.graphs.encoder,
      url: `${server.url}large.onnx`,
      sha256: await sha256Of(weights),
      bytes: weights.length,
    };
    const signal = AbortSignal.timeout(60_000);
    const options = { cache, timeout: 1000, retries: 0, signal };
    const error = await fetchGraph({ ...card, graphs: { encoder: graph } }, "encoder", options)
      .then(
        () => new Error("it was accepted"),
        (error) => error as Error,
      );
    console.log(`  ${name}: ${error.message.slice(0, 160)}`);
    expect(error.message).toMatch(expected);
    // What is kept for another attempt is in the cache, and nowhere else.
    expect([...Deno.readDirSync(place)].map((file) => file.name)).toEqual(["a"]);
    expect([...Deno.readDirSync(`${place}/a`)].map((file) => file.name)).toEqual(["b"]);
    for (const { name: kept } of Deno.readDirSync(cache)) {
      expect(kept).toMatch(/^[0-9a-f]{64}(?:\.v[0-9a-f]+)?\.part$/);
    }
    await Deno.remove(place, { recursive: true });
  });
}
