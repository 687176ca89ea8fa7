/** The schema of `model.yml`: it gives the JSON Schema and the error texts. @module */

import * as z from "zod";
import { type SamplerName, samplers } from "../diffusion/samplers/mod.ts";
import type { ModelCard } from "./card.ts";
import { limits } from "./limits.ts";
import { ENTRY_ID, ENTRY_ID_RULE } from "./names.ts";

/** Words for people: no control characters, which a terminal would obey, and none that turn text around. */
// deno-lint-ignore no-control-regex -- these are the characters that it is about
const TEXT = /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]*$/;
const text = (length: number) =>
  z.string().max(length).regex(TEXT, "must hold no control characters");
const line = text(300);

/** A file name, which `faults.ts` checks further. */
const name = z.string().max(300);

/** Names of graphs, latents, sets and metrics: they become keys of objects. */
const key = z.string().max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9 _.+()-]*$/, "must be at most 64 letters, digits and _ . + - ( )");

/** A whole number in a range: what a card asks for must fit into a machine. */
const whole = (least: number, most: number) => z.int().min(least).max(most);

/** A factor that keeps float32 far from its limits. */
const factor = z.number().min(1e-4).max(1e4);

/** Most timesteps of a schedule; published ones have 100 to 4000. */
const MOST_TIMESTEPS = 10_000;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits");

const graph = z.strictObject({
  file: name.describe("plain name of a file beside model.yml, or what a download is called"),
  url: z.url().max(2000).optional()
    .describe("where a graph too large for the repository is fetched from"),
  mirrors: z.array(z.url().max(2000)).max(8).optional()
    .describe("where it is fetched from when the first place fails, in order"),
  sha256,
  bytes: whole(1, limits.graph),
  precision: z.enum(["fp32", "fp16", "int8"]),
  parameters: whole(0, 1e12),
}).describe("one ONNX file");

const int8 = z.strictObject({
  graphs: z.record(
    key.describe("name of one of the entry's graphs"),
    graph.omit({ precision: true, parameters: true }),
  ).describe("their files; graphs that are missing here stay as they are"),
  fixture: z.strictObject({ file: name, sha256 }).optional()
    .describe("a recorded input and output of every graph, in place of the entry's"),
  difference: z.record(
    key.describe("a set, such as BSD100x4"),
    z.strictObject({ images: whole(1, 1e6), psnrY: z.number(), lpips: z.number() }),
  ).optional().describe("of the figures with int8 from those without, as bench:zoo measured it"),
}).describe("the same networks with int8 convolutions, faster on many CPUs and never on WebGPU");

const source = z.strictObject({
  name: line,
  licence: line,
  pictures: whole(1, 1e12).optional(),
  researchOnly: z.boolean().default(false),
});

const timesteps = whole(1, MOST_TIMESTEPS);
const first = z.number().positive().max(0.999).describe("beta of timestep 0");
const last = z.number().positive().max(0.999).describe("beta of the last timestep");

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cosine"),
    timesteps,
    s: z.number().positive().max(1).default(0.008),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    timesteps,
    first,
    last,
    lastForced: z.number().positive().max(0.999).optional()
      .describe("the last beta, when it is forced to a value"),
  }),
  z.strictObject({ kind: z.enum(["quad", "warmup10", "warmup50"]), timesteps, first, last }),
  z.strictObject({ kind: z.literal("const"), timesteps, last: last.describe("every beta") }),
  z.strictObject({ kind: z.literal("jsd"), timesteps }),
]);

const diffusion = z.strictObject({
  schedule,
  samplingSchedule: schedule.optional().describe("where sampling differs from training"),
  prediction: z.enum(["eps", "x0", "v"]).describe("what the network's output estimates"),
  clip: factor.optional().describe("x0 is clamped to [-clip, clip]"),
  base: z.enum(["estimate", "bicubic", "bicubic256", "none"])
    .describe(
      "what the residual is added to: the encoder's image, exact bicubic, SRDiff's, or nothing",
    ),
  residualScale: factor.describe("x0 = residualScale * (hr - base)"),
  sampler: z.enum(Object.keys(samplers) as SamplerName[]).describe("the default"),
  variance: z.enum(["posterior", "beta"]).optional()
    .describe("of an ancestral step; the posterior's where absent"),
  condition: z.enum(["bicubic", "bicubic256", "pillow", "torch"]).optional()
    .describe("how the input is enlarged for the graph's input `condition`"),
}).describe("what the sampler of a diffusion entry must know");

const flow = z.strictObject({
  latents: z.array(z.strictObject({
    name: key.describe("name of the graph's input"),
    channels: whole(1, 1024),
    ratio: z.number().min(1 / 64).max(16).describe("size of its grid relative to the LR grid"),
  })).min(1).max(16),
  temperature: z.number().min(0).max(1).describe("scale of the latents, the default"),
  residualScale: factor.describe("sr = base + residual / residualScale"),
  base: z.enum(["estimate", "none"]).describe("the encoder's image, or nothing"),
}).describe("what the sampling of a flow entry must know");

const restore = z.strictObject({
  default: z.union([z.literal("auto"), z.number().min(0).max(1)])
    .describe("0 keeps the input's damage, 1 takes all of it away, auto as the input shows"),
}).describe("for an entry whose graphs have the input `restore`");

const steps = z.strictObject({
  default: whole(1, MOST_TIMESTEPS),
  max: whole(1, MOST_TIMESTEPS),
  trained: z.array(z.strictObject({
    steps: whole(1, MOST_TIMESTEPS),
    timesteps: z.array(whole(0, MOST_TIMESTEPS - 1)).max(MOST_TIMESTEPS)
      .describe("descending indices of the schedule"),
    graph: key.describe("name of the graph that was trained for them"),
    start: z.enum(["noise", "estimate"]).describe(
      "pure noise, or the estimate noised to the level",
    ),
  })).max(64).describe("numbers of steps that the entry was trained for"),
});

const tiling = z.strictObject({
  size: whole(1, 4096).describe("side of a tile in LR pixels"),
  overlap: whole(0, 2048).describe("LR pixels that neighbours share, at least the radius"),
  multiple: whole(1, 256).default(1).describe("LR sizes and offsets are multiples of this"),
  minimum: whole(1, 1024).optional().describe("smallest side that the network takes"),
  blended: z.boolean().default(false).describe("the network looks at whole tiles: results differ"),
});

const training = z.strictObject({
  recipe: line,
  data: line,
  steps: whole(0, 1e12),
  seed: z.int(),
  compute: line,
  code: line.describe("version of the training code"),
  initFrom: line.optional(),
  losses: text(2000).optional(),
}).describe("how the weights were made");

const imported = z.strictObject({
  system: line.describe("the code base that the checkpoint comes from"),
  file: line,
  sha256,
  bytes: whole(1, 2 ** 50),
}).describe("the published checkpoint that the graphs were made from");

const figures = z.record(
  key.describe("a set, such as BSD100"),
  z.record(key.describe("a metric, such as psnrY"), z.number()),
);

/** The schema of `model.yml`. */
export const modelCardSchema: z.ZodType<Omit<ModelCard, "base">> = z.strictObject({
  id: z.string().regex(ENTRY_ID, ENTRY_ID_RULE),
  name: line,
  description: text(2000),
  family: key.describe("name in the table of families"),
  scale: z.int().min(1).max(16),
  version: line,
  licence: z.strictObject({
    weights: line.describe("SPDX identifier"),
    note: text(2000).optional().describe("what else must be known of the terms"),
    attribution: name.optional().describe("file that names the authors of the data"),
    data: z.array(source).max(1000),
  }),
  graphs: z.record(key, graph).default({}),
  int8: int8.optional(),
  fixture: z.strictObject({ file: name, sha256 }).optional()
    .describe("a recorded input and output, for the self-check after loading"),
  tiling: tiling.optional(),
  diffusion: diffusion.optional(),
  steps: steps.optional(),
  flow: flow.optional(),
  restore: restore.optional(),
  training: z.record(key, training).optional().describe("by graph name"),
  imported: imported.optional(),
  figures: figures.optional().describe("what `deno task bench:zoo` measured"),
});
