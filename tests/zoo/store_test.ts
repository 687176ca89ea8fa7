import { expect } from "expect";
import { IntegrityError } from "../../lib/errors.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { sha256Of } from "../../lib/sha256.ts";
import type { DownloadProgress } from "../../lib/zoo/cache.ts";
import { fetchFixture, fetchGraph } from "../../lib/zoo/store.ts";
import { openZoo } from "../../lib/zoo/zoo.ts";

const tiny = await readCard(new URL("../fixtures/zoo/tiny/", import.meta.url));
const weights = crypto.getRandomValues(new Uint8Array(40_000));

/** How the server answers. */
interface Behaviour {
  /** Breaks the connection after this many bytes. */
  cut?: number;
  /** Ignores ranges. */
  whole?: boolean;
  /** Sends a wrong byte. */
  wrong?: boolean;
  /** Waits forever after the first bytes. */
  stall?: boolean;
  /** Answers only with this status. */
  status?: number;
  /** Answers this many requests with 503. */
  busy?: number;
}

/** A server that breaks off its first answer, and then has another version of the file. */
function serveVersions(obeys: boolean, tags: readonly [string, string]) {
  const asked: [range: string | null, ifRange: string | null][] = [];
  const older = weights.map((value) => value ^ 1);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    const [range, ifRange] = [headers.get("range"), headers.get("if-range")];
    asked.push([range, ifRange]);
    const isFirst = asked.length === 1;
    const file = isFirst ? older : weights;
    const etag = isFirst ? tags[0] : tags[1];
    const whole = range === null || (obeys && ifRange !== null && ifRange !== etag);
    const from = whole ? 0 : Number(range.match(/\d+/)![0]);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(file.slice(from, isFirst ? 15_000 : undefined));
        controller.close();
      },
    });
    if (whole) return new Response(body, { headers: { etag } });
    const range206 = `bytes ${from}-${file.length - 1}/${file.length}`;
    return new Response(body, { status: 206, headers: { etag, "content-range": range206 } });
  });
  const url = `http://127.0.0.1:${server.addr.port}/large.onnx`;
  return { asked, url, [Symbol.asyncDispose]: () => server.shutdown() };
}

for (
  const [sentence, obeys, tags, wanted] of [
    ["asks only for the rest of the same version", true, ['"a"', '"b"'], [
      [null, null],
      ["bytes=15000-", '"a"'],
    ]],
    ["starts again if the server sends the rest of another version", false, ['"a"', '"b"'], [
      [null, null],
      ["bytes=15000-", '"a"'],
      [null, null],
    ]],
    ["does not trust a weak ETag, and relies on the SHA-256", false, ['W/"a"', 'W/"a"'], [
      [null, null],
      ["bytes=15000-", null],
      [null, null],
    ]],
  ] as const
) {
  Deno.test(`fetchGraph() of a file that changes on its server ${sentence}`, async () => {
    await using place = await setUp();
    await using server = serveVersions(obeys, tags);
    const graph = { ...place.graph, url: server.url };
    const card = { ...place.card, graphs: { large: graph } };
    expect(await fetchGraph(card, "large", { cache: place.cache })).toEqual(weights);
    expect(server.asked).toEqual(wanted);
    expect(place.kept()).toEqual([graph.sha256]);
  });
}

/** A server that breaks off or stalls in its first answer, and may have another version of the file later. */
function serveAcross(later: "the same" | "another", firstEnds: boolean) {
  const asked: (string | null)[][] = [];
  const older = later === "the same" ? weights : weights.map((value) => value ^ 1);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ headers }) => {
    asked.push([headers.get("range"), headers.get("if-range")]);
    const isFirst = asked.length === 1;
    const etag = later === "the same" || isFirst ? '"one/../two:*"' : '"b"';
    const from = headers.get("if-range") === etag ? Number(headers.get("range")!.match(/\d+/)) : 0;
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue((isFirst ? older : weights).slice(from, isFirst ? 15_000 : undefined));
        if (!isFirst || firstEnds) controller.close();
      },
    });
    if (from === 0) return new Response(body, { headers: { etag } });
    const range = `bytes ${from}-${weights.length - 1}/${weights.length}`;
    return new Response(body, { status: 206, headers: { etag, "content-range": range } });
  });
  const url = `http://127.0.0.1:${server.addr.port}/large.onnx`;
  return { asked, url, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Starts a process that fetches the graph `large` and prints its length, or the error. */
function fetchElsewhere(card: ModelCard, cache: string): Deno.ChildProcess {
  const store = new URL("../../lib/zoo/store.ts", import.meta.url);
  const program = `
    import { fetchGraph } from "${store}";
    const options = { cache: ${JSON.stringify(cache)}, retries: 0 };
    await fetchGraph(${JSON.stringify(card)}, "large", options)
      .then(({ length }) => console.log(length), ({ message }) => console.log(message));`;
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--quiet", "--no-check", "--ext=ts", program],
    cwd: new URL("../../", import.meta.url),
    stdout: "piped",
  }).spawn();
}

for (const later of ["the same", "another"] as const) {
  Deno.test(`fetchGraph() completes what an earlier program left, if the server has ${later} version`, async () => {
    await using place = await setUp();
    await using server = serveAcross(later, true);
    const card = { ...place.card, graphs: { large: { ...place.graph, url: server.url } } };
    const told: string[] = [];
    for (let i = 0; i < 2; i++) {
      const { stdout } = await fetchElsewhere(card, place.cache).output();
      told.push(new TextDecoder().decode(stdout));
    }
    expect(told).toEqual([expect.stringContaining("ended after 15000 of 40000"), "40000\n"]);
    expect(server.asked).toEqual([[null, null], ["bytes=15000-", '"one/../two:*"']]);
    expect(place.kept()).toEqual([place.graph.sha256]);
  });
}

Deno.test("fetchGraph() resumes what a killed program left", async () => {
  await using place = await setUp();
  await using server = serveAcross("the same", false);
  const card = { ...place.card, graphs: { large: { ...place.graph, url: server.url } } };
  const child = fetchElsewhere(card, place.cache);
  const sizes = () => place.kept().map((name) => Deno.statSync(`${place.cache}/${name}`).size);
  while (sizes()[0] !== 15_000) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGKILL");
  await child.output();
  const past = new Date(Date.now() - 600_000);
  for (const name of place.kept()) await Deno.utime(`${place.cache}/${name}`, past, past);
  expect(await fetchGraph(card, "large", { cache: place.cache })).toEqual(weights);
  expect(server.asked).toEqual([[null, null], ["bytes=15000-", '"one/../two:*"']]);
  expect(place.kept()).toEqual([place.graph.sha256]);
});

Deno.test("fetchGraph() marks an old file that it takes over as being written", async () => {
  await using place = await setUp();
  const { cache, card, graph, behaviour } = place;
  const left = `${cache}/${graph.sha256}.part`;
  await Deno.writeFile(left, weights.subarray(0, 15_000));
  const past = new Date(Date.now() - 600_000);
  await Deno.utime(left, past, past);
  Object.assign(behaviour, { cut: 15_000, stall: true });
  const controller = new AbortController();
  const fetching = fetchGraph(card, "large", { cache, signal: controller.signal });
  while (place.ranges.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  const { mtime } = await Deno.stat(`${cache}/${place.kept()[0]}`);
  expect(Date.now() - mtime!.getTime()).toBeLessThan(300_000);
  controller.abort(new Error("enough"));
  await expect(fetching).rejects.toThrow("enough");
  expect(place.kept()).toEqual([`${graph.sha256}.part`]);
});

Deno.test("fetchGraph() in several programs at once completes what another one left, and removes other remains", async () => {
  await using place = await setUp();
  await using server = serveAcross("the same", true);
  const card = { ...place.card, graphs: { large: { ...place.graph, url: server.url } } };
  await fetchElsewhere(card, place.cache).output();
  await Deno.writeFile(`${place.cache}/${place.graph.sha256}.part`, new Uint8Array(9));
  const all = await Promise.all([1, 2, 3].map(() => fetchElsewhere(card, place.cache).output()));
  expect(all.map(({ stdout }) => new TextDecoder().decode(stdout))).toEqual(
    Array(3).fill("40000\n"),
  );
  expect(place.kept()).toEqual([place.graph.sha256]);
});

/** A server of one graph, a card that points to it, and an empty cache. */
async function setUp() {
  const cache = await Deno.makeTempDir();
  const behaviour: Behaviour = {};
  const ranges: (string | null)[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    ranges.push(request.headers.get("range"));
    if (behaviour.busy) {
      behaviour.busy--;
      return new Response("later", { status: 503 });
    }
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
  if (from >= weights.length) return new Response("none", { status: 416 });
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

Deno.test("fetchGraph() downloads once, reports progress, then needs no network", async () => {
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
  const title = whole ? "starts again if the server has no ranges" : "resumes where it broke off";
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

Deno.test("fetchGraph() keeps no bytes that do not have the promised SHA-256", async () => {
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
    .rejects.toThrow(/more than the allowed 10000 bytes/);
  expect(place.kept()).not.toContain(place.graph.sha256);
});

Deno.test("fetchGraph() replaces a damaged file in the cache", async () => {
  await using place = await setUp();
  const { cache, card, graph } = place;
  await Deno.writeTextFile(`${cache}/${graph.sha256}`, "rotten");
  expect(await fetchGraph(card, "large", { cache, retries: 0 })).toEqual(weights);
  expect(await Deno.readFile(`${cache}/${graph.sha256}`)).toEqual(weights);
});

Deno.test("fetchGraph() rejects with the signal's reason during a download", async () => {
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

Deno.test("fetchGraph() says what the server answered, and what is missing offline", async () => {
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

Deno.test("fetchGraph() retries if the server is busy", async () => {
  await using place = await setUp();
  const { cache, card, behaviour } = place;
  behaviour.busy = 2;
  expect(await fetchGraph(card, "large", { cache })).toEqual(weights);
  expect(place.ranges.length).toBe(3);
});

Deno.test("fetchGraph() tries mirrors in order, and trusts none", async () => {
  await using dead = await setUp();
  await using liar = await setUp();
  await using good = await setUp();
  dead.behaviour.status = 404;
  liar.behaviour.wrong = true;
  const mirrors = [liar.graph.url, good.graph.url];
  const card = { ...dead.card, graphs: { large: { ...dead.graph, mirrors } } };
  expect(await fetchGraph(card, "large", { cache: dead.cache })).toEqual(weights);
  expect([dead, liar, good].map(({ ranges }) => ranges.length)).toEqual([1, 1, 1]);
  good.behaviour.status = 404;
  await Deno.remove(`${dead.cache}/${dead.graph.sha256}`);
  const error = await fetchGraph(card, "large", { cache: dead.cache }).catch((error) => error);
  expect(error.message).toMatch(/404 Not Found; Cannot trust .*; Cannot fetch .*404/);
});

Deno.test("fetchGraph() discards bytes that are not part of the file", async () => {
  await using place = await setUp();
  const { cache, card, graph } = place;
  const part = `${cache}/${graph.sha256}.part`;
  for (const length of [100, weights.length, weights.length + 5]) {
    await Deno.writeFile(part, new Uint8Array(length));
    expect(await fetchGraph(card, "large", { cache })).toEqual(weights);
    expect(place.kept()).toEqual([graph.sha256]);
    await Deno.remove(`${cache}/${graph.sha256}`);
  }
});

Deno.test("fetchFixture() takes a complete unfinished file, whose size no card states", async () => {
  await using place = await setUp();
  const { cache, graph } = place;
  const fixture = { file: "large.onnx", sha256: graph.sha256 };
  const card = { ...place.card, fixture, base: new URL(".", graph.url).href };
  await Deno.writeFile(`${cache}/${graph.sha256}.part`, weights);
  expect(await fetchFixture(card, { cache })).toEqual(weights);
  await Deno.remove(`${cache}/${graph.sha256}`);
  await Deno.writeFile(`${cache}/${graph.sha256}.part`, new Uint8Array(weights.length));
  expect(await fetchFixture(card, { cache })).toEqual(weights);
  expect(place.kept()).toEqual([graph.sha256]);
});

Deno.test("fetchGraph() downloads the same file once for several calls", async () => {
  await using place = await setUp();
  const { cache, graph } = place;
  const card = { ...place.card, graphs: { large: graph, again: graph } };
  const names = ["large", "again", "large", "again"];
  const all = await Promise.all(names.map((name) => fetchGraph(card, name, { cache })));
  for (const bytes of all) expect(bytes).toEqual(weights);
  expect(place.ranges.length).toBe(1);
  expect(place.kept()).toEqual([graph.sha256]);
});

Deno.test("fetchGraph() works in several processes at once on one empty cache", async () => {
  await using place = await setUp();
  const { cache, card, graph } = place;
  const store = new URL("../../lib/zoo/store.ts", import.meta.url);
  const program = `
    import { fetchGraph } from "${store}";
    const bytes = await fetchGraph(${JSON.stringify(card)}, "large", { cache: "${cache}" });
    console.log(bytes.length);`;
  const run = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["eval", "--quiet", "--no-check", "--ext=ts", program],
      cwd: new URL("../../", import.meta.url),
    }).output();
  const results = await Promise.all(Array.from({ length: 4 }, run));
  const decoder = new TextDecoder();
  const told = results.map(({ stdout, stderr }) => decoder.decode(stdout) + decoder.decode(stderr));
  expect(told).toEqual(Array(4).fill(`${weights.length}\n`));
  expect(place.kept()).toEqual([graph.sha256]);
});

Deno.test("fetchGraph() does not touch what another process is writing, and takes over what was left", async () => {
  await using place = await setUp();
  const { cache, card, graph } = place;
  const foreign = `${cache}/${graph.sha256}.${crypto.randomUUID()}.part`;
  await Deno.writeFile(foreign, weights.subarray(0, 10_000));
  expect(await fetchGraph(card, "large", { cache })).toEqual(weights);
  expect(place.ranges).toEqual([null]);
  expect(place.kept().length).toBe(2);
  await Deno.remove(`${cache}/${graph.sha256}`);
  const past = new Date(Date.now() - 600_000);
  await Deno.utime(foreign, past, past);
  expect(await fetchGraph(card, "large", { cache })).toEqual(weights);
  expect(place.ranges.at(-1)).toBe("bytes=10000-");
  expect(place.kept()).toEqual([graph.sha256]);
});

Deno.test("fetchGraph() names the folder that cannot be written, and what to do", async () => {
  await using place = await setUp();
  const file = `${place.cache}/file`;
  await Deno.writeTextFile(file, "");
  await expect(fetchGraph(place.card, "large", { cache: `${file}/folder` }))
    .rejects.toThrow(/^Cannot keep downloads in .*folder: .*Set SRZOO_CACHE to a folder/);
});

Deno.test("readCard() keeps cards for offline use, and asks no server then", async () => {
  const cache = await Deno.makeTempDir();
  const folder = new URL("../fixtures/zoo/", import.meta.url);
  let requests = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    requests++;
    return new Response(await Deno.readFile(new URL(`.${new URL(request.url).pathname}`, folder)));
  });
  const zoo = openZoo(`http://127.0.0.1:${server.addr.port}`);
  await expect(zoo.find("tiny", { cache, offline: true })).rejects.toThrow(/without offline/);
  expect(requests).toBe(0);
  const card = await zoo.find("tiny", { cache });
  const weights = await fetchGraph(card, "encoder", { cache });
  await fetchFixture(card, { cache });
  await server.shutdown();
  const before = requests;
  const again = await zoo.find("tiny", { cache, offline: true });
  expect(again).toEqual(card);
  expect(await fetchGraph(again, "encoder", { cache, offline: true })).toEqual(weights);
  expect(requests).toBe(before);
  await Deno.remove(cache, { recursive: true });
});
