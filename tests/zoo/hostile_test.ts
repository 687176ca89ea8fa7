/**
 * Attacks of a hostile registry. The tests print each attack with its outcome.
 *
 * @module
 */

import { expect } from "expect";
import { IntegrityError, ManifestError } from "../../lib/errors.ts";
import { load } from "../../lib/load.ts";
import { floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { field } from "../../lib/onnx/protobuf.ts";
import { joined } from "../../lib/bytes.ts";
import { sha256Of } from "../../lib/sha256.ts";
import { openZoo } from "../../lib/zoo/zoo.ts";

const tiny = new URL("../fixtures/zoo/regression-tiny/", import.meta.url);
const text = await Deno.readTextFile(new URL("model.yml", tiny));
const card = JSON.parse(text);
const network = await Deno.readFile(new URL("network.onnx", tiny));
const fixture = await Deno.readFile(new URL("fixture.safetensors", tiny));

type Body = BodyInit | Response;
/** What the server answers, by file name; other files are served unchanged. */
type Attack = Partial<
  Record<"model.yml" | "network.onnx" | "fixture.safetensors" | "index.yml", () => Body>
>;

/** Endless bytes, or this many of them. */
function flood(byte: number, bytes = Infinity): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      sent += 65536;
      if (sent > bytes) controller.close();
      else controller.enqueue(new Uint8Array(65536).fill(byte));
    },
  });
}

/** A body that sends some bytes, and then nothing more. */
function stalled(begin: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (c) => c.enqueue(new TextEncoder().encode(begin)) });
}

/** A body that breaks off with an error. */
function broken(begin: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start: (c) => c.enqueue(begin),
    pull: (c) => c.error(new Error("cut")),
  });
}

/** 64 MiB of zeros, compressed. */
const bomb = await new Response(
  flood(0, 2 ** 26).pipeThrough<Uint8Array<ArrayBuffer>>(new CompressionStream("gzip")),
).bytes();

function compressed(): Response {
  return new Response(bomb, { headers: { "content-encoding": "gzip" } });
}

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

/** The card with some of its keys replaced. */
function changed(change: (copy: typeof card) => void): () => string {
  return () => {
    const copy = structuredClone(card);
    change(copy);
    return JSON.stringify(copy);
  };
}

/** A card whose graph is another file, described correctly. */
async function withGraph(bytes: Uint8Array<ArrayBuffer>): Promise<Attack> {
  const sha256 = await sha256Of(bytes);
  return {
    "model.yml": changed((copy) => {
      delete copy.fixture;
      Object.assign(copy.graphs.network, { sha256, bytes: bytes.length });
    }),
    "network.onnx": () => bytes,
  };
}

function graphOf(op: string, ...extra: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const made = joined([node({ op, inputs: ["lr"], outputs: ["sr"] }), ...extra]);
  return new Uint8Array(onnxModel({
    nodes: [made],
    inputs: [floatValue("lr", ["n", 3, "h", "w"])],
    outputs: [floatValue("sr")],
  }));
}

const manyKeys = Array.from({ length: 9000 }, (_, i) => `key${i}: 1`).join("\n");
const laughs = [
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ..."bcdefgh".split("").map((name, i) =>
    `${name}: &${name} [${Array(9).fill(`*${"abcdefg"[i]}`)}]`
  ),
].join("\n");

const attacks: Record<
  string,
  [attack: Attack | Promise<Attack>, outcome: RegExp | ErrorConstructor]
> = {
  "an endless card": [{ "model.yml": () => flood(35) }, /more than 131072 bytes/],
  "a compressed card of zeros": [
    { "model.yml": () => compressed() },
    /more than 131072 bytes/,
  ],
  "a card that stops": [
    { "model.yml": () => stalled("id: x\n") },
    /only \d bytes? arrived for 1 s/,
  ],
  "a card that breaks off": [
    { "model.yml": () => broken(new Uint8Array(9)) },
    /Cannot read .*model/,
  ],
  "a page instead of a card": [
    { "model.yml": () => "<!doctype html><title>Sign in</title>" },
    /Cannot use the model card/,
  ],
  "the page of a server that has no card": [
    {
      "model.yml": () =>
        new Response("<!doctype html>", { headers: { "content-type": "text/html" } }),
    },
    /Cannot read .*model\.yml: the server has only a page there/,
  ],
  "bytes that are not text": [{ "model.yml": () => Uint8Array.of(0xff, 0xfe, 0) }, /Cannot read/],
  "a redirect to a file": [{ "model.yml": () => redirect("file:///etc/passwd") }, /only https:/],
  "a redirect to data": [{ "model.yml": () => redirect("data:,id") }, /only https:/],
  "a redirect to a metadata service": [
    { "model.yml": () => redirect("http://169.254.169.254/latest/") },
    /only https:/,
  ],
  "a redirect with a password": [
    { "model.yml": () => redirect("https://a:b@example.org/") },
    /user name or a password/,
  ],
  "a redirect to itself": [{ "model.yml": () => redirect("model.yml") }, /redirects more than 5/],
  "a redirect to nowhere": [
    { "model.yml": () => redirect("https://") },
    /redirects to an address that cannot be read/,
  ],
  "an alias bomb": [{ "model.yml": () => laughs }, /the alias \*a is not allowed/],
  "thousands of keys": [{ "model.yml": () => manyKeys }, /Unrecognized keys/],
  "a repeated key": [
    { "model.yml": () => text.replace("{", '{"id": "other", ') },
    /the key "id" is given twice/,
  ],
  "endless brackets": [{ "model.yml": () => "[".repeat(100_000) }, ManifestError as never],
  "a prototype": [
    { "model.yml": () => text.replace("{", '{"__proto__": {"scale": 9}, ') },
    /Unrecognized key/,
  ],
  "a graph named __proto__": [
    { "model.yml": () => text.replace('"network":', '"__proto__":') },
    /Cannot use the model card/,
  ],
  "another base": [{ "model.yml": changed((c) => c.base = "file:///etc/") }, /Unrecognized key/],
  "a graph outside the folder": [
    { "model.yml": changed((c) => c.graphs.network.file = "%2e%2e/%2e%2e/secret") },
    /not a plain file name/,
  ],
  "a fixture outside the folder": [
    { "model.yml": changed((c) => c.fixture.file = "/etc/passwd") },
    /not a plain file name/,
  ],
  "a graph from this machine": [
    { "model.yml": changed((c) => c.graphs.network.url = "file:///dev/zero") },
    /only https:/,
  ],
  "a mirror on this machine": [
    { "model.yml": changed((c) => c.graphs.network.mirrors = ["file:///dev/zero"]) },
    /only https:/,
  ],
  "text that controls the terminal": [
    { "model.yml": changed((c) => c.description = "\u001b[2J\u001b]0;x\u0007") },
    /control characters/,
  ],
  "text that runs backwards": [
    { "model.yml": changed((c) => c.name = "\u202egnp.x") },
    /control characters/,
  ],
  ...Object.fromEntries(
    ["\u2028", "\ufeff", "\u200b", "\u061c", "\u{e0041}", "\ud800", "\udc00x", "\u0085"].map((
      unseen,
    ) => [
      `text that hides U+${unseen.codePointAt(0)!.toString(16)}`,
      [
        { "model.yml": changed((c) => c.name = `a${unseen}b`) },
        /control characters or invisible ones/,
      ] as const,
    ]),
  ),
  ...Object.fromEntries(
    [
      ["a function type", "scale: !!js/function 'function () {}'", /unknown scalar tag/],
      ["a binary type", "scale: !!binary aGk=", /unknown scalar tag/],
      ["a custom type", "%TAG ! tag:evil.com,2026:\n---\nscale: !x 1", /unknown .*tag/],
      ["two documents", "id: a\n---\nid: b", /single document/],
      ["a key that is a list", "? [a, b]\n: c", /complex keys/],
      ["keys that become equal", '1: a\n"1": b', /given twice/],
      ["empty keys that become equal", "null: a\n~: b", /given twice/],
      ["a merge key", "<<: {scale: 4}\nid: a", /Unrecognized key/],
      ["an older YAML", "%YAML 1.1\n---\nid: yes\nscale: 0o4", /Cannot use the model card/],
      ["an anchor to itself", "a: &a [*a]", /is not allowed/],
      ["a number beyond the largest", "scale: 1e999", /Cannot use the model card/],
      ["endless mappings", "{a: ".repeat(30_000), /Cannot use the model card/],
      [
        "an endless list",
        "- a:\n".repeat(20_000),
        /Cannot use the model card/,
      ],
    ].map(([name, card, why]) => [
      `${name} in YAML`,
      [{ "model.yml": () => card as string }, why as RegExp] as const,
    ]),
  ),
  "a graph in place of the card": [
    { "model.yml": changed((c) => c.graphs.network.file = "MODEL.yml") },
    /name of another file of every entry/,
  ],
  "files that differ by case": [
    { "model.yml": changed((c) => c.fixture.file = "Network.ONNX") },
    /one file on many disks/,
  ],
  "a Windows device": [
    { "model.yml": changed((c) => c.graphs.network.file = "nul.onnx") },
    /not a plain file name/,
  ],
  "a tile of gigabytes": [
    { "model.yml": changed((c) => c.tiling.minimum = 20_000) },
    /at most 1024/,
  ],
  "a graph of petabytes": [
    { "model.yml": changed((c) => c.graphs.network.bytes = 2 ** 50) },
    /Too big/,
  ],
  "a scale of a million": [{ "model.yml": changed((c) => c.scale = 1e6) }, /at most 16/],
  "a scale that is NaN": [
    { "model.yml": () => text.replace('"scale": 4', '"scale": .nan') },
    /expected number/,
  ],
  "other weights": [
    { "network.onnx": () => network.map((byte, i) => i === 999 ? byte ^ 1 : byte) },
    IntegrityError as never,
  ],
  "fewer weights": [{ "network.onnx": () => network.slice(0, 5000) }, /ended after 5000 of/],
  "more weights": [{ "network.onnx": () => flood(0) }, /more than the allowed \d+ bytes/],
  "endless compressed weights": [
    { "network.onnx": () => compressed() },
    /more than the allowed \d+ bytes/,
  ],
  "weights that stop": [{ "network.onnx": () => stalled("x") }, /only \d bytes? arrived for 1 s/],
  "weights from the middle": [
    {
      "network.onnx": () =>
        new Response("x", { status: 206, headers: { "content-range": "bytes 5-5/9" } }),
    },
    /another range than requested/,
  ],
  "weights that are refused": [
    { "network.onnx": () => new Response("no", { status: 403 }) },
    /answered 403/,
  ],
  "an endless fixture": [
    { "fixture.safetensors": () => flood(0) },
    /more than the allowed \d+ bytes/,
  ],
  "another fixture": [
    { "fixture.safetensors": () => fixture.map((byte) => byte ^ 1) },
    IntegrityError as never,
  ],
  "an endless network": [withGraph(graphOf("Loop")), /which can run without end/],
  "a network with custom operators": [
    withGraph(graphOf("Evil", field(7, "evil.com"))),
    /of the domain evil\.com/,
  ],
  "a network of another scale": [withGraph(graphOf("Identity")), /needs \[1,3,\d+,\d+\]/],
  "a network that is noise": [
    withGraph(crypto.getRandomValues(new Uint8Array(5000))),
    /its file cannot be used/,
  ],
};

/** Hostile indexes, and the errors they must give. */
const indexes: Record<string, [() => Body, RegExp]> = {
  "an endless index": [() => flood(35), /more than 524288 bytes/],
  "an index of another folder": [() => "- ../../x\n", /must be 1 to 64/],
  "an index of another host": [() => "- https://example.org/\n", /must be 1 to 64/],
  "an index of a thousand aliases": [() => laughs, /is not allowed/],
  "an index that names another entry's folder": [() => "- entry\n", /is not the folder's name/],
};

/** Serves an entry as changed by an attack, and records the headers of requests. */
function serve(attack: Attack) {
  const headers: Headers[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    headers.push(request.headers);
    const file = new URL(request.url).pathname.split("/").at(-1)!;
    const made = attack[file as keyof Attack]?.();
    if (made instanceof Response) return made;
    const bytes = made ?? await Deno.readFile(new URL(file, tiny)).catch(() => undefined);
    return bytes === undefined
      ? new Response("none", { status: 404 })
      : new Response(bytes as BodyInit);
  });
  return {
    headers,
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The error that a call was refused with. */
async function outcome(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error("the attack was not refused");
}

/** Seconds after which an attack counts as successful; all tested limits are shorter. */
const seconds = 120;

for (const [name, [attack, expected]] of Object.entries(attacks)) {
  Deno.test(`load() refuses ${name} from a hostile registry`, async () => {
    const cache = await Deno.makeTempDir();
    await using server = serve(await attack);
    // Short only if it is what ends the attack, since a busy machine may take a second for a byte.
    const timeout = `${expected}`.includes("arrived for 1 s") ? 1000 : 60_000;
    const options = { cache, timeout, retries: 0, provider: "native", threads: 1 } as const;
    const error = await outcome(async () => {
      const limit = AbortSignal.timeout(1000 * seconds);
      await using upscaler = await load(new URL(`${server.url}entry/`), {
        ...options,
        signal: limit,
      });
      const data = new Uint8ClampedArray(4 * 8 * 8).map((_, i) => i % 4 === 3 ? 255 : i % 251);
      await upscaler.upscale({ width: 8, height: 8, data, channels: 3 }, { signal: limit });
    });
    console.log(`  ${name}: ${error.message.slice(0, 160)}`);
    if (expected instanceof RegExp) expect(error.message).toMatch(expected);
    else expect(error).toBeInstanceOf(expected);
    for (const sent of server.headers) {
      expect([sent.get("authorization"), sent.get("cookie"), sent.get("referer")])
        .toEqual([null, null, null]);
    }
    // Nothing that was refused may pass for a complete file later.
    const kept = [...Deno.readDirSync(cache)].map((file) => file.name);
    const whole = kept.filter((file) => /^[0-9a-f]{64}$/.test(file));
    for (const file of whole) {
      expect(await sha256Of(await Deno.readFile(`${cache}/${file}`))).toBe(file);
    }
    await Deno.remove(cache, { recursive: true });
  });
}

Deno.test("load() ends the other downloads when a file is refused", async () => {
  const cache = await Deno.makeTempDir();
  const ended = Promise.withResolvers<void>();
  const endless = () =>
    new ReadableStream({
      start: (c) => c.enqueue(fixture.slice(0, 9)),
      cancel: () => ended.resolve(),
    });
  await using server = serve({
    "network.onnx": () => new Uint8Array(network.length),
    "fixture.safetensors": endless,
  });
  const options = { cache, timeout: 1000 * seconds, retries: 0, provider: "native" } as const;
  await expect(load(new URL(`${server.url}entry/`), options)).rejects.toThrow(IntegrityError);
  // They end at once: the cache can be removed, and the server notices.
  await Deno.remove(cache, { recursive: true });
  await ended.promise;
});

for (const [name, [index, expected]] of Object.entries(indexes)) {
  Deno.test(`openZoo() refuses ${name} from a hostile registry`, async () => {
    const cache = await Deno.makeTempDir();
    await using server = serve({ "index.yml": index });
    const error = await outcome(() => openZoo(server.url).list({ cache, retries: 0 }));
    console.log(`  ${name}: ${error.message.slice(0, 160)}`);
    expect(error.message).toMatch(expected);
    await Deno.remove(cache, { recursive: true });
  });
}

Deno.test("load() works with the same registry when it does not attack", async () => {
  const cache = await Deno.makeTempDir();
  await using server = serve({});
  await using upscaler = await load(new URL(`${server.url}entry/`), {
    ...{ cache, provider: "native", threads: 1 },
  });
  expect(upscaler.card.id).toBe(card.id);
  await Deno.remove(cache, { recursive: true });
});
