/** The schema of `model.yml`: it gives the JSON Schema and the error texts. @module */

import * as z from "zod/mini";
import { type SamplerName, samplers } from "../diffusion/samplers/mod.ts";
import type { ModelCard } from "./card.ts";
import { limits } from "./limits.ts";
import { ENTRY_ID, ENTRY_ID_RULE } from "./names.ts";

/**
 * Words for people: no control characters, which a terminal would obey, none that turn text around, and none that
 * nobody sees (separators of lines, byte order marks), which hide what a text says.
 */
const TEXT =
  // deno-lint-ignore no-control-regex -- these are the characters that it is about
  /^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]*$/;
/** Tags and halves of characters, of which the expressions of JSON Schema know nothing in some languages. */
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
  file: name.check(
    z.describe("name of a file beside model.yml, or of the download"),
  ),
  url: z.optional(url)
    .check(z.describe("URL of a graph that is too large for the repository")),
  mirrors: z.optional(z.array(url).check(z.maxLength(8)))
    .check(z.describe("URLs to try if the first one fails, in order")),
  sha256,
  bytes: whole(1, limits.graph),
};

const graph = z.strictObject({
  ...download,
  precision: z.enum(["fp32", "fp16", "int8"]),
  parameters: whole(0, 1e12),
}).check(z.describe("one ONNX file"));

const int8 = z.strictObject({
  graphs: z.record(
    key.check(z.describe("name of one of the entry's graphs")),
    z.strictObject(download),
  ).check(z.describe("their files; other graphs stay as they are")),
  fixture: z.optional(z.strictObject({ file: name, sha256 }))
    .check(z.describe("in place of the entry's")),
  difference: z.optional(z.record(
    key.check(z.describe("a set, such as BSD100x4")),
    z.strictObject({ images: whole(1, 1e6), psnrY: z.number(), lpips: z.number() }),
  )).check(z.describe("what int8 changes of the figures, from bench:zoo")),
}).check(
  z.describe("the same networks with int8 convolutions, faster on many CPUs"),
);

const source = z.strictObject({
  name: line,
  licence: line,
  pictures: z.optional(whole(1, 1e12)),
  researchOnly: z._default(z.boolean(), false),
});

const timesteps = whole(1, MOST_TIMESTEPS);
const first = positive(0.999).check(z.describe("beta of timestep 0"));
const last = positive(0.999).check(z.describe("beta of the last timestep"));

const schedule = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("cosine"),
    timesteps,
    s: z._default(positive(1), 0.008),
  }),
  z.strictObject({
    kind: z.literal("linear"),
    timesteps,
    first,
    last,
    lastForced: z.optional(positive(0.999))
      .check(z.describe("the last beta, when it is forced to a value")),
  }),
  z.strictObject({ kind: z.enum(["quad", "warmup10", "warmup50"]), timesteps, first, last }),
  z.strictObject({
    kind: z.literal("const"),
    timesteps,
    last: last.check(z.describe("every beta")),
  }),
  z.strictObject({ kind: z.literal("jsd"), timesteps }),
]);

const diffusion = z.strictObject({
  schedule,
  samplingSchedule: z.optional(schedule).check(
    z.describe("the schedule of sampling, if it differs from that of training"),
  ),
  prediction: z.enum(["eps", "x0", "v"]).check(z.describe("what the network's output estimates")),
  clip: z.optional(factor).check(z.describe("x0 is clamped to [-clip, clip]")),
  base: z.enum(["estimate", "bicubic", "bicubic256", "none"])
    .check(z.describe(
      "what the residual is added to: the encoder's image, exact bicubic, SRDiff's, or nothing",
    )),
  residualScale: factor.check(z.describe("x0 = residualScale * (hr - base)")),
  sampler: z.enum(Object.keys(samplers) as SamplerName[]).check(z.describe("the default")),
  variance: z.optional(z.enum(["posterior", "beta"]))
    .check(z.describe("of an ancestral step; by default the posterior's")),
  condition: z.optional(z.enum(["bicubic", "bicubic256", "pillow", "torch"]))
    .check(z.describe("how the input is enlarged for the graph's input `condition`")),
}).check(z.describe("settings of a diffusion entry's sampler"));

const flow = z.strictObject({
  latents: z.array(z.strictObject({
    name: key.check(z.describe("name of the graph's input")),
    channels: whole(1, 1024),
    ratio: between(1 / 64, 16).check(z.describe("size of its grid relative to the LR grid")),
  })).check(z.minLength(1), z.maxLength(16)),
  temperature: between(0, 1).check(z.describe("scale of the latents, the default")),
  residualScale: factor.check(z.describe("sr = base + residual / residualScale")),
  base: z.enum(["estimate", "none"]).check(z.describe("the encoder's image, or nothing")),
}).check(z.describe("settings of a flow entry"));

const restore = z.strictObject({
  default: z.union([z.literal("auto"), between(0, 1)])
    .check(
      z.describe(
        "0 keeps the input's damage, 1 removes all of it, auto removes as much as the input shows",
      ),
    ),
}).check(z.describe("for an entry whose graphs have the input `restore`"));

const steps = z.strictObject({
  default: whole(1, MOST_TIMESTEPS),
  max: whole(1, MOST_TIMESTEPS),
  trained: z.array(z.strictObject({
    steps: whole(1, MOST_TIMESTEPS),
    timesteps: z.array(whole(0, MOST_TIMESTEPS - 1)).check(
      z.maxLength(MOST_TIMESTEPS),
      z.describe("descending indices of the schedule"),
    ),
    graph: key.check(z.describe("name of the graph that was trained for them")),
    start: z.enum(["noise", "estimate"])
      .check(z.describe("pure noise, or the estimate noised to the level")),
  })).check(z.maxLength(64), z.describe("numbers of steps that the entry was trained for")),
});

const tiling = z.strictObject({
  size: whole(1, 4096).check(z.describe("side of a tile in LR pixels")),
  overlap: whole(0, 2048).check(z.describe("LR pixels that neighbours share, at least the radius")),
  multiple: z._default(whole(1, 256), 1)
    .check(z.describe("LR sizes and offsets are multiples of this")),
  minimum: z.optional(whole(1, 1024)).check(z.describe("smallest side that the network takes")),
  blended: z._default(z.boolean(), false)
    .check(
      z.describe("whether the network sees whole tiles, so that results depend on their size"),
    ),
});

const training = z.strictObject({
  recipe: line,
  data: line,
  steps: whole(0, 1e12),
  seed: z.int(),
  compute: line,
  code: line.check(z.describe("version of the training code")),
  initFrom: z.optional(line),
  losses: z.optional(text(2000)),
}).check(z.describe("how the weights were made"));

const imported = z.strictObject({
  system: line.check(z.describe("the code base from which the checkpoint comes")),
  file: line,
  sha256,
  bytes: whole(1, 2 ** 50),
}).check(z.describe("the published checkpoint from which the graphs were made"));

const figures = z.record(
  key.check(z.describe("a set, such as BSD100")),
  z.record(key.check(z.describe("a metric, such as psnrY")), z.number()),
);

/** The schema of `model.yml`. */
export const modelCardSchema: z.ZodMiniType<Omit<ModelCard, "base">> = z.strictObject({
  id: z.string().check(z.regex(ENTRY_ID, ENTRY_ID_RULE)),
  name: line,
  description: text(2000),
  family: key.check(z.describe("name in the table of families")),
  scale: whole(1, 16),
  version: line,
  licence: z.strictObject({
    weights: line.check(z.describe("SPDX identifier")),
    note: z.optional(text(2000)).check(z.describe("what else users must know about the terms")),
    attribution: z.optional(name).check(z.describe("file that names the authors of the data")),
    data: z.array(source).check(z.maxLength(1000)),
  }),
  graphs: z._default(z.record(key, graph), {}),
  int8: z.optional(int8),
  fixture: z.optional(z.strictObject({ file: name, sha256 }))
    .check(z.describe("a recorded input and output, for the self-check after loading")),
  tiling: z.optional(tiling),
  diffusion: z.optional(diffusion),
  steps: z.optional(steps),
  flow: z.optional(flow),
  restore: z.optional(restore),
  training: z.optional(z.record(key, training)).check(z.describe("by graph name")),
  imported: z.optional(imported),
  figures: z.optional(figures).check(z.describe("figures from `deno task bench:zoo`")),
});
