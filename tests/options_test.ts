import { expect } from "expect";
import * as core from "../mod.ts";
import * as diffusion from "../lib/diffusion/mod.ts";
import * as metrics from "../lib/metrics/mod.ts";
import { openSessions } from "../lib/runtime/providers.ts";

/** One option or argument of a public function. */
interface Row {
  /** The function and the option. */
  what: string;
  /** Calls it with a value. */
  call: (value: never) => unknown;
  /** Values that it accepts. */
  good: readonly unknown[];
  /** Values that it refuses. */
  bad?: readonly unknown[];
}

/** Values that no option accepts; undefined counts as an absent option. */
const NEVER = [NaN, -Infinity, "1", "", [], [1], {}, 10n, Symbol("one"), () => 1];
const NO_NUMBER = [...NEVER, true, null];
const WHOLE = [...NO_NUMBER, Infinity, -1, 0.5, 2 ** 60];
const SHARE = [...NO_NUMBER, Infinity, -0.001, 1.001];
const TIME = [...NO_NUMBER, 0, -1];
const FLAG = [...NEVER, null, 0, 1, "true"];
const WORD = [...NEVER, null, 0, "toString"];
const FUNCTION = [...NEVER.slice(0, -1), null, 1];

const entry = (id: string) => new URL(`fixtures/zoo/${id}/model.yml`, import.meta.url);
const offline = { provider: "native", threads: 1, offline: true } as const;
const image = {
  width: 16,
  height: 12,
  data: new Uint8ClampedArray(4 * 16 * 12).map((_, i) => i % 4 === 3 ? 255 : i % 251),
};
const png = await core.encodeImage(image, { format: "png" });
const tiny = await core.load(entry("srdiff-tiny"), offline);
const photo = await core.load(entry("photo-tiny"), offline);
const flow = await core.load(entry("srflow-tiny"), offline);
const generator = await core.loadGenerator(entry("ddpm-free-tiny"), offline);
const card = await core.readCard(entry("srdiff-tiny"));
const graph = await Deno.readFile(new URL("fixtures/scale.onnx", import.meta.url));
const row = { data: new Float32Array(4), dims: [1, 1, 2, 2] };
const model = JSON.parse(JSON.stringify({ window: [], mean: [], covariance: [] }));

/** Options that `load()`, `loadGenerator()` and all functions that read cards share. */
function reading(name: string, read: (options: core.ReadOptions) => unknown): Row[] {
  const of = (option: string) => `${name}: ${option}`;
  return [
    { what: of("timeout"), call: (timeout) => read({ timeout }), good: [1, Infinity], bad: TIME },
    { what: of("retries"), call: (retries) => read({ retries }), good: [0, 3], bad: WHOLE },
    { what: of("offline"), call: (offline) => read({ offline }), good: [true, false], bad: FLAG },
    { what: of("signal"), call: (signal) => read({ signal }), good: [], bad: FUNCTION },
  ];
}

function opening(name: string, open: (options: core.LoadOptions) => unknown): Row[] {
  const of = (option: string) => `${name}: ${option}`;
  return [
    ...reading(name, open),
    { what: of("threads"), call: (threads) => open({ threads }), good: [1], bad: [...WHOLE, 0] },
    {
      what: of("callTimeout"),
      call: (callTimeout) => open({ callTimeout }),
      good: [60_000, Infinity],
      bad: TIME,
    },
    { what: of("provider"), call: (provider) => open({ provider }), good: ["native"], bad: WORD },
  ];
}

/** The options of one run, for an upscaler that supports all but those of other families. */
function choices(name: string, plan: (options: core.UpscaleOptions) => unknown): Row[] {
  const of = (option: string) => `${name}: ${option}`;
  return [
    { what: of("seed"), call: (seed) => plan({ seed }), good: [0, 2 ** 53 - 1], bad: WHOLE },
    {
      what: of("samples"),
      call: (samples) => plan({ samples }),
      good: [2, 5],
      bad: [...WHOLE, 0, 65],
    },
    { what: of("steps"), call: (steps) => plan({ steps }), good: [1, 2], bad: [...WHOLE, 0, 1e6] },
    {
      what: of("temperature"),
      call: (temperature) => plan({ temperature }),
      good: [0, 0.5, 2],
      bad: [...SHARE.filter((value) => value !== 1.001), 2.001],
    },
    { what: of("memory"), call: (memory) => plan({ memory }), good: [1e9, Infinity], bad: TIME },
    { what: of("tile"), call: (tile) => plan({ tile }), good: [64], bad: [...WHOLE, 0, 1] },
    { what: of("signal"), call: (signal) => plan({ signal }), good: [], bad: FUNCTION },
    {
      what: of("onProgress"),
      call: (onProgress) => plan({ onProgress }),
      good: [() => {}],
      bad: FUNCTION,
    },
    { what: of("sampler"), call: (sampler) => plan({ sampler }), good: ["ddim"], bad: WORD },
  ];
}

function enlarging(name: string, plan: (options: core.UpscaleOptions) => unknown): Row[] {
  const of = (option: string) => `${name}: ${option}`;
  return [
    ...choices(name, plan),
    {
      what: of("fidelity"),
      call: (fidelity) => plan({ fidelity }),
      good: [0, 0.5, 1],
      bad: SHARE,
    },
    {
      what: of("consistency"),
      call: (consistency) => plan({ consistency }),
      good: [true, false],
      bad: FLAG,
    },
    {
      what: of("keepHidden"),
      call: (keepHidden) => plan({ keepHidden }),
      good: [true, false],
      bad: FLAG,
    },
    { what: of("noise"), call: (noise) => plan({ noise }), good: [() => row], bad: FUNCTION },
    {
      what: of("guide"),
      call: (guide) => plan({ guide }),
      good: [],
      bad: [...NEVER, null, 1, { image: row }, { image: row, weight: row }],
    },
  ];
}

const size = { width: 16, height: 12 };
const two = core.cascade([tiny, tiny]);
const session = (options: metrics.OpenOptions) =>
  openSessions([{ name: "scale", bytes: graph }], { ...offlineRun, ...options })
    .then((opened) => opened[Symbol.asyncDispose]());
const offlineRun = { provider: "native", threads: 1 } as const;
const read = (options: core.ReadImageOptions) => core.readImage(png, options);
const write = (options: Partial<core.EncodeImageOptions>) =>
  core.encodeImage(image, { format: "jpeg", ...options });
const sides = [...WHOLE, 0];

const rows: Row[] = [
  ...reading("readCard", (options) => core.readCard(entry("srdiff-tiny"), options)),
  ...reading("openZoo().list", (options) => core.openZoo("./zoo").list(options)),
  ...reading("fetchGraph", (options) => core.fetchGraph(card, "denoiser", options)),
  ...reading("fetchFixture", (options) => core.fetchFixture(card, options)),
  ...reading("resolveCard", (options) => core.resolveCard("bicubic", options)),
  ...opening("load", async (options) => {
    await (await core.load(entry("srdiff-tiny"), { ...offline, ...options })).close();
  }),
  ...opening("load without a network", async (options) => {
    await (await core.load("bicubic", options)).close();
  }),
  ...opening("loadGenerator", async (options) => {
    await (await core.loadGenerator(entry("ddpm-free-tiny"), { ...offline, ...options })).close();
  }),
  ...enlarging("plan", (options) => tiny.plan(size, options)),
  ...enlarging("cascade", (options) => two.plan(size, options)),
  ...choices("generate", (options) => generator.plan({ ...size, ...options })),
  ...enlarging("upscale", (options) => tiny.upscale(image, options)).map((row) => ({
    ...row,
    good: [],
  })),
  { what: "plan: width", call: (width) => tiny.plan({ ...size, width }), good: [1], bad: sides },
  { what: "plan: height", call: (height) => tiny.plan({ ...size, height }), good: [1], bad: sides },
  {
    what: "plan: restore",
    call: (restore) => photo.plan(size, { restore }),
    good: [0, 0.5, 1, "auto"],
    bad: SHARE,
  },
  {
    what: "plan: temperature of a flow",
    call: (temperature) => flow.plan(size, { temperature }),
    good: [0, 1],
    bad: SHARE,
  },
  {
    what: "generate: width",
    call: (width) => generator.plan({ ...size, width }),
    good: [1, 300],
    bad: [...sides, 16385],
  },
  {
    what: "generate: height",
    call: (height) => generator.plan({ ...size, height }),
    good: [1, 300],
    bad: [...sides, 16385],
  },
  {
    what: "interpolateSeeds: t",
    call: (t) => core.interpolateSeeds(tiny, image, { from: 1, to: 2, t }),
    good: [0.5],
    bad: [...SHARE, undefined],
  },
  {
    what: "interpolateSeeds: from",
    call: (from) => core.interpolateSeeds(tiny, image, { from, to: 2, t: 0.5 }),
    good: [1],
    bad: WHOLE,
  },
  {
    what: "interpolateSeeds: to",
    call: (to) => core.interpolateSeeds(tiny, image, { from: 1, to, t: 0.5 }),
    good: [1],
    bad: [...WHOLE, undefined],
  },
  {
    what: "interpolateImages: t",
    call: (t) => core.interpolateImages(flow, { from: image, to: image, t }),
    good: [0.5],
    bad: [...SHARE, undefined],
  },
  {
    what: "renew: temperature",
    call: (temperature) => core.renew(flow, image, { temperature }),
    good: [0.5],
    bad: SHARE,
  },
  {
    what: "fuse: strength",
    call: (strength) => core.fuse(tiny, image, { reference: image, mask: image, strength }),
    good: [],
    bad: SHARE,
  },
  {
    what: "uncertainty: samples",
    call: (samples) => core.uncertainty(tiny, image, { samples }),
    good: [2],
    bad: [...WHOLE, 0, 1, 65],
  },
  {
    what: "uncertainty: window",
    call: (window) => core.uncertainty(tiny, image, { window, samples: 2 }),
    good: [0, 1.5],
    bad: [...NO_NUMBER, -1, Infinity, 1e300],
  },
  { what: "readImage: memory", call: (memory) => read({ memory }), good: [1e6], bad: TIME },
  { what: "readImage: timeout", call: (timeout) => read({ timeout }), good: [1e5], bad: TIME },
  { what: "readImage: timeout", call: (timeout) => read({ timeout }), good: [1e12, Infinity] },
  { what: "readImage: signal", call: (signal) => read({ signal }), good: [], bad: FUNCTION },
  {
    what: "readImage: onSize",
    call: (onSize) => read({ onSize }),
    good: [() => {}],
    bad: FUNCTION,
  },
  {
    what: "encodeImage: quality",
    call: (quality) => write({ quality }),
    good: [1, 80.5, 100],
    bad: [...NO_NUMBER, 0, -1, 101, Infinity],
  },
  {
    what: "encodeImage: background",
    call: (red) => write({ background: [red, 0, 0] }),
    good: [0, 255],
    bad: [...NO_NUMBER, -1, 256, undefined],
  },
  {
    what: "encodeImage: metadata",
    call: (metadata) => write({ metadata }),
    good: ["keep", "strip"],
    bad: WORD,
  },
  {
    what: "encodeImage: onNote",
    call: (onNote) => write({ onNote }),
    good: [() => {}],
    bad: FUNCTION,
  },
  {
    what: "resizeImage: width",
    call: (width) => core.resizeImage(image, { width, height: 3 }),
    good: [1, 30],
    bad: [...sides, undefined],
  },
  {
    what: "resizeImage: height",
    call: (height) => core.resizeImage(image, { width: 3, height }),
    good: [1, 30],
    bad: [...sides, undefined],
  },
  {
    what: "resizeImage: edge",
    call: (edge) => core.resizeImage(image, { width: 3, height: 3 }, { edge }),
    good: ["mirror"],
    bad: WORD,
  },
  { what: "openFeatures: threads", call: (threads) => session({ threads }), good: [1], bad: sides },
  { what: "openFeatures: idle", call: (idle) => session({ idle }), good: [50], bad: TIME },
  {
    what: "openFeatures: callTimeout",
    call: (callTimeout) => session({ callTimeout }),
    good: [1e12],
    bad: TIME,
  },
  ...[metrics.psnrY, metrics.psnrRgb, metrics.squaredError].map((measure) => ({
    what: `${measure.name}: border`,
    call: (border: never) => measure(image, image, { border }),
    good: [0, 2],
    bad: [...WHOLE, 6],
  })),
  {
    what: "ssimY: border",
    call: (border) => metrics.ssimY(image, image, { border }),
    good: [0],
    bad: [...WHOLE, 6],
  },
  {
    what: "niqe: border",
    call: (border) => metrics.niqe(image, model, border),
    good: [],
    bad: [...WHOLE, 6],
  },
  {
    what: "deviationMap: window",
    call: (window) => metrics.deviationMap([image, image], { window }),
    good: [0, 3],
    bad: [...NO_NUMBER, -1, Infinity, 1e300],
  },
  {
    what: "errorCorrelation: window",
    call: (window) => metrics.errorCorrelation([image, image], image, { window }),
    good: [0, 3],
    bad: [...NO_NUMBER, -1, Infinity, 1e300],
  },
  {
    what: "inceptionScore: splits",
    call: (splits) => metrics.inceptionScore({ data: Float32Array.of(1, 1), dims: [2, 1] }, splits),
    good: [1, 2],
    bad: [...sides, 3],
  },
  {
    what: "decibels",
    call: (value) => metrics.decibels(value),
    good: [0, 5, Infinity],
    bad: [...NO_NUMBER, -1, undefined],
  },
  {
    what: "tensor: dims",
    call: (dim) => diffusion.tensor([dim, 2]),
    good: [0, 3],
    bad: [...WHOLE, undefined],
  },
  ...Object.entries<(timesteps: number) => unknown>({
    cosineSchedule: diffusion.cosineSchedule,
    linearSchedule: (timesteps) => diffusion.linearSchedule(timesteps, 0.1, 0.2),
    quadSchedule: (timesteps) => diffusion.quadSchedule(timesteps, 0.1, 0.2),
    warmupSchedule: (timesteps) => diffusion.warmupSchedule(timesteps, 0.1, 0.2, 0.5),
    constSchedule: (timesteps) => diffusion.constSchedule(timesteps, 0.2),
    jsdSchedule: diffusion.jsdSchedule,
    spacedTimesteps: (timesteps) => diffusion.spacedTimesteps(timesteps, 1),
  }).map(([name, call]) => ({
    what: `${name}: timesteps`,
    call,
    good: [1, 10],
    bad: [...sides, 1e9, undefined],
  })),
  ...Object.entries<(beta: number) => unknown>({
    "cosineSchedule: s": (s) => diffusion.cosineSchedule(4, s),
    "linearSchedule: first": (first) => diffusion.linearSchedule(4, first, 0.2),
    "linearSchedule: last": (last) => diffusion.linearSchedule(4, 0.2, last),
    "linearSchedule: lastForced": (last) => diffusion.linearSchedule(4, 0.2, 0.3, last),
    "quadSchedule: first": (first) => diffusion.quadSchedule(4, first, 0.2),
    "quadSchedule: last": (last) => diffusion.quadSchedule(4, 0.2, last),
    "warmupSchedule: first": (first) => diffusion.warmupSchedule(4, first, 0.2, 0.5),
    "warmupSchedule: last": (last) => diffusion.warmupSchedule(4, 0.2, last, 0.5),
    "warmupSchedule: share": (share) => diffusion.warmupSchedule(4, 0.1, 0.2, share),
    "constSchedule: beta": (beta) => diffusion.constSchedule(4, beta),
    "posteriorOf: alphaBar": (level) => diffusion.posteriorOf(level, 0.9),
    "posteriorOf: previous": (level) => diffusion.posteriorOf(0.5, level),
    "x0Of: alphaBar": (level) => diffusion.x0Of("eps", row, row, level),
  }).map(([what, call]) => ({ what, call, good: [0.3], bad: SHARE })),
  {
    what: "x0Of: clip",
    call: (clip) => diffusion.x0Of("eps", row, row, 0.5, clip),
    good: [1, Infinity],
    bad: [...NO_NUMBER, -1],
  },
  ...Object.entries<(value: never) => unknown>({
    "load: model": (model) => core.load(model, offline),
    "readCard: options": (options) => core.readCard(entry("srdiff-tiny"), options),
    "plan: size": (size) => tiny.plan(size),
    "plan: options": (options) => tiny.plan(image, options),
    "upscale: options": (options) => tiny.upscale(image, options),
    "generate: options": (options) => generator.generate(options),
    "generator's plan: options": (options) => generator.plan(options),
    "cascade: stage": (stage) => core.cascade([tiny, stage]),
    "cascade's upscale: options": (options) => core.cascade([tiny, flow]).upscale(image, options),
    "encodeImage: options": (options) => core.encodeImage(image, options),
    "interpolateSeeds: options": (options) => core.interpolateSeeds(tiny, image, options),
    "load: options": (options) => core.load(entry("srdiff-tiny"), options),
    "loadGenerator: options": (options) => core.loadGenerator(entry("ddpm-free-tiny"), options),
    "readImage: options": (options) => core.readImage(image, options),
    "encodeImage: image": (image) => core.encodeImage(image, { format: "png" }),
    "encodeImage: background": (background) =>
      core.encodeImage(image, { format: "jpeg", background }),
    "uncertainty: options": (options) => core.uncertainty(tiny, image, options),
    "encode: options": (options) => core.encode(flow, image, options),
    "renew: options": (options) => core.renew(flow, image, options),
    "interpolateImages: options": (options) => core.interpolateImages(flow, options),
    "fuse: options": (options) => core.fuse(tiny, image, options),
  }).map(([what, call]) => ({ what, call, good: [], bad: [null, 1, true, [], Symbol("one")] })),
  {
    what: "cascade: stages",
    call: (stage) => core.cascade([tiny, stage]),
    good: [tiny],
    bad: [{}],
  },
  ...Object.entries<(options: never) => unknown>({
    load: (options) => core.load("bicubic", options),
    loadGenerator: (options) => core.loadGenerator(entry("ddpm-free-tiny"), options),
    plan: (options) => tiny.plan(image, options),
    generate: (options) => generator.generate(options),
    "cascade's plan": (options) => two.plan(image, options),
    encodeImage: (options) => core.encodeImage(image, { format: "png", ...(options as object) }),
    readImage: (options) => core.readImage(image, options),
    interpolateSeeds: (options) =>
      core.interpolateSeeds(tiny, image, { from: 1, to: 2, t: 0.5, ...(options as object) }),
    uncertainty: (options) => core.uncertainty(tiny, image, options),
    encode: (options) => core.encode(flow, image, options),
    renew: (options) => core.renew(flow, image, options),
    fuse: (options) => core.fuse(tiny, image, options),
  }).map(([name, call]) => ({
    what: `${name}: the name of an option`,
    call: (option: string) => call({ [option]: 1 } as never),
    good: [],
    bad: ["thread", "toString"],
  })),
  {
    what: "upscale: what the noise gives",
    call: (given) => tiny.upscale(image, { noise: () => given }),
    good: [],
    bad: [...NO_NUMBER, undefined, row],
  },
  {
    what: "spacedTimesteps: count",
    call: (count) => diffusion.spacedTimesteps(10, count),
    good: [1, 10],
    bad: [...sides, 11, undefined],
  },
];

/** Whether an error is one clear line that says what could not be done, and not a message of the engine. */
function isClear(error: unknown): boolean {
  return (error instanceof TypeError || error instanceof RangeError) &&
    /^Cannot \w+ [^\n]{15,300}$/.test(error.message) &&
    !/Cannot (convert|read prop|destructure|mix BigInt)/.test(error.message);
}

Deno.test("options of public functions accept valid values, and refuse others with one clear line", async () => {
  const faults: string[] = [];
  for (const { what, call, good, bad = [] } of rows) {
    const take = async (value: unknown) => await call(value as never);
    for (const value of good) {
      await take(value).catch((error) => faults.push(`${what} = ${String(value)}: ${error}`));
    }
    for (const value of bad) {
      const error = await take(value).then(() => "it is taken", (error) => error);
      const told = `${what} = ${Deno.inspect(value)}: ${error}`;
      if (!isClear(error)) faults.push(told);
    }
  }
  for (const opened of [tiny, photo, flow, generator]) await opened.close();
  expect(faults).toEqual([]);
});
