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

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cosine"),
    timesteps: z.int().positive(),
    s: z.number().positive().default(0.008),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    timesteps: z.int().positive(),
    first: z.number().positive(),
    last: z.number().positive().max(0.999),
    lastForced: z.number().optional().describe("the last beta, when it is forced to a value"),
  }),
]);

const diffusion = z.strictObject({
  schedule,
  prediction: z.enum(["eps", "x0", "v"]).describe("what the network's output estimates"),
  clip: z.number().positive().optional().describe("x0 is clamped to [-clip, clip]"),
  base: z.enum(["estimate", "bicubic", "bicubic256"])
    .describe("what the residual is added to: the encoder's picture, exact bicubic, or SRDiff's"),
  residualScale: z.number().positive().describe("x0 = residualScale * (hr - base)"),
  sampler: z.enum(["ddpm", "ddim", "dpmpp2m"]).describe("the default"),
}).describe("what the sampler of a diffusion entry must know");

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
  licence: z.strictObject({ weights: z.string(), data: z.array(source) }),
  graphs: z.record(z.string(), graph).default({}),
  fixture: z.strictObject({ file: z.string(), sha256 }).optional()
    .describe("a recorded input and output, for the self-check after loading"),
  tiling: tiling.optional(),
  diffusion: diffusion.optional(),
  steps: steps.optional(),
  training: z.record(z.string(), training).optional().describe("by graph name"),
  imported: imported.optional(),
  figures: figures.optional().describe("what `deno task bench:zoo` measured"),
});
