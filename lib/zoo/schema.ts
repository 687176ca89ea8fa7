/** The schema of `model.yml`: it gives the JSON Schema and the error texts. @module */

import * as z from "zod";
import type { ModelCard } from "./card.ts";
import { ENTRY_ID, ENTRY_ID_RULE } from "./names.ts";

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits");

const graph = z.strictObject({
  file: z.string().describe("plain name of a file beside model.yml, or what a download is called"),
  url: z.url().optional().describe("where a graph too large for the repository is fetched from"),
  sha256,
  bytes: z.int().positive(),
  precision: z.enum(["fp32", "fp16", "int8"]),
  parameters: z.int().nonnegative(),
}).describe("one ONNX file");

const source = z.strictObject({
  name: z.string(),
  licence: z.string(),
  pictures: z.int().positive().optional(),
  researchOnly: z.boolean().default(false),
});

const timesteps = z.int().positive();
const first = z.number().positive().describe("beta of timestep 0");
const last = z.number().positive().max(0.999).describe("beta of the last timestep");

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cosine"),
    timesteps,
    s: z.number().positive().default(0.008),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    timesteps,
    first,
    last,
    lastForced: z.number().optional().describe("the last beta, when it is forced to a value"),
  }),
  z.strictObject({ kind: z.enum(["quad", "warmup10", "warmup50"]), timesteps, first, last }),
  z.strictObject({ kind: z.literal("const"), timesteps, last: last.describe("every beta") }),
  z.strictObject({ kind: z.literal("jsd"), timesteps }),
]);

const diffusion = z.strictObject({
  schedule,
  samplingSchedule: schedule.optional().describe("where sampling differs from training"),
  prediction: z.enum(["eps", "x0", "v"]).describe("what the network's output estimates"),
  clip: z.number().positive().optional().describe("x0 is clamped to [-clip, clip]"),
  base: z.enum(["estimate", "bicubic", "bicubic256", "none"])
    .describe(
      "what the residual is added to: the encoder's image, exact bicubic, SRDiff's, or nothing",
    ),
  residualScale: z.number().positive().describe("x0 = residualScale * (hr - base)"),
  sampler: z.enum(["ddpm", "ddim", "dpmpp2m"]).describe("the default"),
  variance: z.enum(["posterior", "beta"]).optional()
    .describe("of an ancestral step; the posterior's where absent"),
  condition: z.enum(["bicubic", "bicubic256", "pillow", "torch"]).optional()
    .describe("how the input is enlarged for the graph's input `condition`"),
}).describe("what the sampler of a diffusion entry must know");

const flow = z.strictObject({
  latents: z.array(z.strictObject({
    name: z.string().describe("name of the graph's input"),
    channels: z.int().positive(),
    ratio: z.number().positive().describe("size of its grid relative to the LR grid"),
  })).min(1),
  temperature: z.number().min(0).max(1).describe("scale of the latents, the default"),
  residualScale: z.number().positive().describe("sr = base + residual / residualScale"),
  base: z.enum(["estimate", "none"]).describe("the encoder's image, or nothing"),
}).describe("what the sampling of a flow entry must know");

const restore = z.strictObject({
  default: z.union([z.literal("auto"), z.number().min(0).max(1)])
    .describe("0 keeps the input's damage, 1 takes all of it away, auto as the input shows"),
}).describe("for an entry whose graphs have the input `restore`");

const steps = z.strictObject({
  default: z.int().positive(),
  max: z.int().positive(),
  trained: z.array(z.strictObject({
    steps: z.int().positive(),
    timesteps: z.array(z.int().nonnegative()).describe("descending indices of the schedule"),
    graph: z.string().describe("name of the graph that was trained for them"),
    start: z.enum(["noise", "estimate"]).describe(
      "pure noise, or the estimate noised to the level",
    ),
  })).describe("numbers of steps that the entry was trained for"),
});

const tiling = z.strictObject({
  size: z.int().positive().describe("side of a tile in LR pixels"),
  overlap: z.int().nonnegative().describe("LR pixels that neighbours share, at least the radius"),
  multiple: z.int().positive().default(1).describe("LR sizes and offsets are multiples of this"),
  minimum: z.int().positive().optional().describe("smallest side that the network takes"),
  blended: z.boolean().default(false).describe("the network looks at whole tiles: results differ"),
});

const training = z.strictObject({
  recipe: z.string(),
  data: z.string(),
  steps: z.int().nonnegative(),
  seed: z.int(),
  compute: z.string(),
  code: z.string().describe("version of the training code"),
  initFrom: z.string().optional(),
  losses: z.string().optional(),
}).describe("how the weights were made");

const imported = z.strictObject({
  system: z.string().describe("the code base that the checkpoint comes from"),
  file: z.string(),
  sha256,
  bytes: z.int().positive(),
}).describe("the published checkpoint that the graphs were made from");

const figures = z.record(
  z.string().describe("a set, such as BSD100"),
  z.record(z.string().describe("a metric, such as psnrY"), z.number()),
);

/** The schema of `model.yml`. */
export const modelCardSchema: z.ZodType<Omit<ModelCard, "base">> = z.strictObject({
  id: z.string().regex(ENTRY_ID, ENTRY_ID_RULE),
  name: z.string(),
  description: z.string(),
  family: z.string().describe("name in the table of families"),
  scale: z.int().min(1).max(16),
  version: z.string(),
  licence: z.strictObject({
    weights: z.string().describe("SPDX identifier"),
    note: z.string().optional().describe("what else must be known of the terms"),
    attribution: z.string().optional().describe("file that names the authors of the data"),
    data: z.array(source),
  }),
  graphs: z.record(z.string(), graph).default({}),
  fixture: z.strictObject({ file: z.string(), sha256 }).optional()
    .describe("a recorded input and output, for the self-check after loading"),
  tiling: tiling.optional(),
  diffusion: diffusion.optional(),
  steps: steps.optional(),
  flow: flow.optional(),
  restore: restore.optional(),
  training: z.record(z.string(), training).optional().describe("by graph name"),
  imported: imported.optional(),
  figures: figures.optional().describe("what `deno task bench:zoo` measured"),
});
