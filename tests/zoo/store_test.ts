import { expect } from "expect";
import { IntegrityError } from "../../lib/errors.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { sha256Of } from "../../lib/sha256.ts";
import type { DownloadProgress } from "../../lib/zoo/cache.ts";
import { fetchFixture, fetchGraph } from "../../lib/zoo/store.ts";

const tiny = await readCard(new URL("../fixtures/zoo/tiny/", import.meta.url));
const weights = crypto.getRandomValues(new Uint8Array(40_000));

/** How the server answers. */
interface Behaviour {
  /** Breaks the connection after so many bytes. */
  cut?: number;
  /** Ignores ranges. */
  whole?: boolean;
  /** Sends the bytes wrongly. */
  wrong?: boolean;
  /** Waits for ever after the first bytes. */
  stall?: boolean;
  /** Answers with this status alone. */
  status?: number;
}

/** A server of one graph, a card that points to it, and an empty cache. */
async function setUp() {
  const cache = await Deno.makeTempDir();
  const behaviour: Behaviour = {};
  const ranges: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    ranges.push(request.headers.get("range"));
    return answer(request, behaviour);
  });
  const graph = {
    ...tiny.graphs.encoder,
    file: "large.onnx",
    url: `http://127.0.0.1:${server.addr.port}/large.onnx`,
    sha256: await sha256Of(weights),
    bytes: weights.length,
  };
  const card: ModelCard = { ...tiny, graphs: { large: graph } };
  return {
    cache,
    card,
    graph,
    ranges,
    behaviour,
    kept: () => [...Deno.readDirSync(cache)].map((file) => file.name),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await Deno.remove(cache, { recursive: true });
    },
  };
}

function answer(request: Request, { cut, whole, wrong, stall, status }: Behaviour): Response {
  if (status) return new Response("no", { status });
  const from = whole ? 0 : Number(request.headers.get("range")?.match(/\d+/)?.[0] ?? 0);
  const bytes = weights.slice(from, cut);
  if (wrong) bytes[0] ^= 1;
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.length; i += 5000) controller.enqueue(bytes.slice(i, i + 5000));
      if (!stall) controller.close();
    },
  });
  const range = { "content-range": `bytes ${from}-${weights.length - 1}/${weights.length}` };
  return new Response(body, from > 0 ? { status: 206, headers: range } : {});
}

Deno.test("fetchGraph() reads a file beside the card and checks it", async () => {
  const bytes = await fetchGraph(tiny, "encoder");
  expect(bytes.length).toBe(tiny.graphs.encoder.bytes);
  expect((await fetchFixture(tiny))!.length).toBeGreaterThan(0);
  const graphs = { encoder: { ...tiny.graphs.encoder, sha256: "0".repeat(64) } };
  await expect(fetchGraph({ ...tiny, graphs }, "encoder")).rejects.toThrow(IntegrityError);
  await expect(fetchGraph(tiny, "decoder")).rejects.toThrow(/its graphs are encoder, denoiser/);
});

Deno.test("fetchGraph() downloads once, tells progress, then needs no network", async () => {
  await using place = await setUp();
  const progress: DownloadProgress[] = [];
  const { cache } = place;
  const options = { cache, onDownload: (p: DownloadProgress) => void progress.push(p) };
  expect(await fetchGraph(place.card, "large", options)).toEqual(weights);
  expect(progress.at(-1)).toEqual({ file: "large.onnx", received: 40_000, total: 40_000 });
  expect(progress.every((p, i) => i === 0 || p.received > progress[i - 1].received)).toBe(true);
  const seen = progress.length;
  expect(await fetchGraph(place.card, "large", { ...options, offline: true })).toEqual(weights);
  expect(progress.length).toBe(seen);
  expect(place.ranges.length).toBe(1);
  expect(place.kept()).toEqual([place.graph.sha256]);
});

for (const whole of [false, true]) {
  const title = whole
    ? "starts again where the server has no ranges"
    : "goes on where it broke off";
  Deno.test(`fetchGraph() ${title}`, async () => {
    await using place = await setUp();
    const { cache, card, graph, behaviour } = place;
    behaviour.cut = 15_000;
    await expect(fetchGraph(card, "large", { cache, retries: 0 })).rejects.toThrow(
      /ended after 15000 of 40000/,
    );
    expect(place.kept()).toEqual([`${graph.sha256}.part`]);
    behaviour.cut = undefined;
    behaviour.whole = whole;
    expect(await fetchGraph(card, "large", { cache, retries: 0 })).toEqual(weights);
    expect(place.ranges).toEqual([null, "bytes=15000-"]);
    expect(place.kept()).toEqual([graph.sha256]);
  });
}

Deno.test("fetchGraph() keeps nothing of bytes that are not the promised ones", async () => {
  await using place = await setUp();
  const { cache, card, behaviour } = place;
  behaviour.wrong = true;
  await expect(fetchGraph(card, "large", { cache, retries: 0 })).rejects.toThrow(IntegrityError);
  expect(place.kept()).toEqual([]);
  behaviour.wrong = false;
  expect(await fetchGraph(card, "large", { cache, retries: 0 })).toEqual(weights);
});

Deno.test("fetchGraph() refuses a file that is longer than the card says", async () => {
  await using place = await setUp();
  const graphs = { large: { ...place.graph, bytes: 10_000 } };
  await expect(fetchGraph({ ...place.card, graphs }, "large", { cache: place.cache }))
    .rejects.toThrow(/more than the 10000 bytes/);
  expect(place.kept()).not.toContain(place.graph.sha256);
});

Deno.test("fetchGraph() replaces a file that went bad in the cache", async () => {
  await using place = await setUp();
  const { cache, card, graph } = place;
  await Deno.writeTextFile(`${cache}/${graph.sha256}`, "rotten");
  expect(await fetchGraph(card, "large", { cache, retries: 0 })).toEqual(weights);
  expect(await Deno.readFile(`${cache}/${graph.sha256}`)).toEqual(weights);
});

Deno.test("fetchGraph() leaves a download with the signal's reason", async () => {
  await using place = await setUp();
  const { cache, card, graph, behaviour } = place;
  behaviour.stall = true;
  behaviour.cut = 15_000;
  const controller = new AbortController();
  const reason = new Error("enough");
  const onDownload = ({ received }: DownloadProgress) => {
    if (received === 15_000) controller.abort(reason);
  };
  await expect(fetchGraph(card, "large", { cache, signal: controller.signal, onDownload }))
    .rejects.toBe(reason);
  expect(place.kept()).toEqual([`${graph.sha256}.part`]);
});

Deno.test("fetchGraph() says what the server answered, and what offline lacks", async () => {
  await using place = await setUp();
  const { cache, card, behaviour } = place;
  behaviour.status = 404;
  await expect(fetchGraph(card, "large", { cache, retries: 0 })).rejects.toThrow(
    /large\.onnx: .*404 Not Found/,
  );
  await expect(fetchGraph(card, "large", { cache, offline: true }))
    .rejects.toThrow(/large\.onnx of tiny: it is not in .* Load the model once without offline/);
  expect(place.ranges.length).toBe(1);
});
