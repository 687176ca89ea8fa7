/**
 * The schema of `model.yml`, from which the JSON Schema and the error messages come. The keys are documented with their
 * types in `card.ts`, from where `deno task schema` takes the descriptions.
 *
 * @module
 */

import * as z from "zod/mini";
import { type SamplerName, samplers } from "../diffusion/samplers/mod.ts";
import type { ModelCard } from "./card.ts";
import { limits } from "./limits.ts";
import { ENTRY_ID, ENTRY_ID_RULE } from "./names.ts";

/**
 * Text for people: no control characters, which a terminal would obey, none that change the direction of text, and no
 * invisible ones (separators of lines, byte order marks), which hide what a text says.
 */
const TEXT =
  // deno-lint-ignore no-control-regex -- these are the characters that it is about
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*$/;
/** Tags and halves of characters, which the expressions of JSON Schema cannot match in some languages. */
const UNSEEN = /[\u{e0000}-\u{e0fff}\p{Cs}]/u;
const WORDS = "must not contain control characters or invisible ones";
const text = (length: number): z.ZodMiniString =>
  z.string().check(
    z.maxLength(length),
    z.regex(TEXT, WORDS),
    z.refine((words: string) => !UNSEEN.test(words), WORDS),
  );
const line = text(300);

/** A file name, which `faults.ts` checks further. */
const name = z.string().check(z.maxLength(300));

/** Names of graphs, latents, sets and metrics: they become keys of objects. */
const key = z.string().check(
  z.maxLength(64),
  z.regex(
    /^[A-Za-z0-9][A-Za-z0-9 _.+()-]*$/,
    "must be at most 64 letters, digits and _ . + - ( )",
  ),
);

/** A number from `least` to `most`. */
const between = (least: number, most: number): z.ZodMiniNumber =>
  z.number().check(z.gte(least), z.lte(most));

/** A number over 0, up to `most`. */
const positive = (most: number): z.ZodMiniNumber => z.number().check(z.positive(), z.lte(most));

/** A whole number in a range: what a card asks for must fit into a machine. */
const whole = (least: number, most: number): z.ZodMiniNumberFormat =>
  z.int().check(z.gte(least), z.lte(most));

/** A factor that keeps float32 far from its limits. */
const factor = between(1e-4, 1e4);

/** Most timesteps of a schedule; published ones have 100 to 4000. */
const MOST_TIMESTEPS = 10_000;

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be 64 hex digits"));

/** An address that may be long. */
const url = z.url().check(z.maxLength(2000));

/** A file, wherever it is fetched from. */
const download = {
  file: name,
  url: z.optional(url),
  mirrors: z.optional(z.array(url).check(z.maxLength(8))),
  sha256,
  bytes: whole(1, limits.graph),
};

const graph = z.strictObject({
  ...download,
  precision: z.enum(["fp32", "fp16", "int8"]),
  parameters: whole(0, 1e12),
});

const int8 = z.strictObject({
  graphs: z.record(
    key,
    z.strictObject(download),
  ),
  fixture: z.optional(z.strictObject({ file: name, sha256 })),
  difference: z.optional(z.record(
    key,
    z.strictObject({ images: whole(1, 1e6), psnrY: z.number(), lpips: z.number() }),
  )),
});

const source = z.strictObject({
  name: line,
  licence: line,
  pictures: z.optional(whole(1, 1e12)),
  researchOnly: z._default(z.boolean(), false),
});

const timesteps = whole(1, MOST_TIMESTEPS);
const beta = positive(0.999);

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cosine"),
    timesteps,
    s: z._default(positive(1), 0.008),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    timesteps,
    first: beta,
    last: beta,
    lastForced: z.optional(beta),
  }),
  z.strictObject({
    kind: z.enum(["quad", "warmup10", "warmup50"]),
    timesteps,
    first: beta,
    last: beta,
  }),
  z.strictObject({
    kind: z.literal("const"),
    timesteps,
    last: beta,
  }),
  z.strictObject({ kind: z.literal("jsd"), timesteps }),
]);

const diffusion = z.strictObject({
  schedule,
  samplingSchedule: z.optional(schedule),
  prediction: z.enum(["eps", "x0", "v"]),
  clip: z.optional(factor),
  base: z.enum(["estimate", "bicubic", "bicubic256", "none"]),
  residualScale: factor,
  sampler: z.enum(Object.keys(samplers) as SamplerName[]),
  variance: z.optional(z.enum(["posterior", "beta"])),
  condition: z.optional(z.enum(["bicubic", "bicubic256", "pillow", "torch"])),
});

const flow = z.strictObject({
  latents: z.array(z.strictObject({
    name: key,
    channels: whole(1, 1024),
    ratio: between(1 / 64, 16),
  })).check(z.minLength(1), z.maxLength(16)),
  temperature: between(0, 1),
  residualScale: factor,
  base: z.enum(["estimate", "none"]),
});

const restore = z.strictObject({
  default: z.union([z.literal("auto"), between(0, 1)]),
});

const steps = z.strictObject({
  default: whole(1, MOST_TIMESTEPS),
  max: whole(1, MOST_TIMESTEPS),
  trained: z.array(z.strictObject({
    steps: whole(1, MOST_TIMESTEPS),
    timesteps: z.array(whole(0, MOST_TIMESTEPS - 1)).check(
      z.maxLength(MOST_TIMESTEPS),
    ),
    graph: key,
    start: z.enum(["noise", "estimate"]),
  })).check(z.maxLength(64)),
});

const tiling = z.strictObject({
  size: whole(1, 4096),
  overlap: whole(0, 2048),
  multiple: z._default(whole(1, 256), 1),
  minimum: z.optional(whole(1, 1024)),
  blended: z._default(z.boolean(), false),
});

const training = z.strictObject({
  recipe: line,
  data: line,
  steps: whole(0, 1e12),
  seed: z.int(),
  compute: line,
  code: line,
  initFrom: z.optional(line),
  losses: z.optional(text(2000)),
});

const imported = z.strictObject({
  system: line,
  file: line,
  sha256,
  bytes: whole(1, 2 ** 50),
});

const figures = z.record(
  key,
  z.record(key, z.number()),
);

/** The schema of `model.yml`. */
export const modelCardSchema: z.ZodMiniType<Omit<ModelCard, "base">> = z.strictObject({
  id: z.string().check(z.regex(ENTRY_ID, ENTRY_ID_RULE)),
  name: line,
  description: text(2000),
  family: key,
  scale: whole(1, 16),
  version: line,
  licence: z.strictObject({
    weights: line,
    note: z.optional(text(2000)),
    attribution: z.optional(name),
    data: z.array(source).check(z.maxLength(1000)),
  }),
  graphs: z._default(z.record(key, graph), {}),
  int8: z.optional(int8),
  fixture: z.optional(z.strictObject({ file: name, sha256 })),
  tiling: z.optional(tiling),
  diffusion: z.optional(diffusion),
  steps: z.optional(steps),
  flow: z.optional(flow),
  restore: z.optional(restore),
  training: z.optional(z.record(key, training)),
  imported: z.optional(imported),
  figures: z.optional(figures),
});
