/** Several upscalers in a row, as one upscaler. @module */

import { checkNames, checkObject } from "../checks.ts";
import type { Preview } from "../enlarge.ts";
import { readImage } from "../image/files/read.ts";
import type { ImageLike } from "../image/files/source.ts";
import type { Image } from "../image/image.ts";
import type { Size } from "../image/resize.ts";
import type { FamilyOption } from "../models/model.ts";
import { checkGuide, checkHandles, optionsOf, type Plan, type UpscaleOptions } from "../plan.ts";
import { mapped } from "../stream.ts";
import { drawSeed, noise, type NoiseField } from "../tensor/noise.ts";
import {
  drain,
  memoryOf,
  planFor,
  type Upscaled,
  type Upscaler,
  withConsistency,
} from "../upscaler.ts";
import type { ModelCard } from "../zoo/card.ts";

/** Options that a stage of a cascade may have of its own; the others belong to the whole run. */
export type StageOptions = Omit<
  UpscaleOptions,
  "seed" | "samples" | "noise" | "guide" | "memory" | "signal" | "onProgress"
>;

/** A stage of a cascade with options of its own. */
export interface Stage {
  /** The upscaler of the stage. */
  readonly upscaler: Upscaler;
  /** Options that replace those of the run. */
  readonly options?: StageOptions;
}

/** Draws of one stage: more than the steps of any chain, so that no two stages share noise. */
const DRAWS = 4096;

/**
 * An upscaler that enlarges the result of each stage with the next one: x4 and x4 make x16.
 *
 * Each option of a run goes to every stage that has it; a guide, which is as large as the result, goes to the last.
 * The first generative stage makes all samples, the later ones make one image of each. Disposing it disposes its stages.
 *
 * @param stages Two upscalers or more; the first one takes the source.
 * @throws {RangeError} If there are none.
 */
export function cascade(stages: readonly (Upscaler | Stage)[]): Upscaler {
  if (stages.length === 0) throw new RangeError("Cannot make a cascade: no upscaler was given");
  const chain = stages.map((stage) => {
    checkObject("stage", stage, "an upscaler");
    const found = "upscaler" in stage ? stage : { upscaler: stage };
    checkObject("the card of a stage", Object(found.upscaler).card);
    return found;
  });
  const upscalers = chain.map(({ upscaler }) => upscaler);
  const card = cascadeCard(upscalers.map((upscaler) => upscaler.card));
  const accepts = acceptedBy(upscalers);
  const plan: Upscaler["plan"] = (size, options) =>
    planStages(chain, { card, accepts }, size, options);
  async function* stream(
    source: ImageLike,
    how: UpscaleOptions | Plan = {},
  ): AsyncGenerator<Preview, Upscaled> {
    const memory = memoryOf(how);
    const image = await readImage(source, { signal: how.signal, memory });
    const made = planFor({ card, plan }, image, how);
    const drawn = made.generative ? { seed: made.seed } : {};
    const result = { ...yield* runStages(chain, image, made), model: card.id, ...drawn };
    return withConsistency(result, { source: image, plan: made });
  }
  async function close() {
    for (const upscaler of upscalers) await upscaler.close();
  }
  return {
    card,
    generative: upscalers.some(({ generative }) => generative),
    accepts,
    get provider() {
      return upscalers.map(({ provider }) => provider).find((name) => name !== "none") ?? "none";
    },
    tried: upscalers.flatMap(({ tried }) => tried),
    plan,
    stream,
    upscale: (source, how) => drain(stream(source, how)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Runs every stage on every image of the stage before it. */
async function* runStages(
  chain: readonly Stage[],
  source: Image,
  plan: Plan,
): AsyncGenerator<Preview, Upscaled> {
  const stages = plan.stages!;
  const works = stages.map((stage) => workOf(stage) * (plan.samples / stage.samples));
  const total = works.reduce((sum, work) => sum + work, 0);
  const steps = stages.reduce((sum, stage) => sum + stepsOf(stage), 0);
  let images: readonly Image[] = [source];
  let result: Upscaled | undefined;
  let work = 0, step = 0;
  const warnings = new Set(plan.warnings);
  for (const [i, { upscaler }] of chain.entries()) {
    const made: Image[] = [];
    const runs = images.length;
    for (const [k, image] of images.entries()) {
      const sampleOf = (sample: number) => runs > 1 ? k : sample;
      const walk = upscaler.stream(image, {
        ...stages[i],
        noise: noiseOf(plan.noise, i, k),
        guide: i + 1 < chain.length ? undefined : plan.guide,
        signal: plan.signal,
        onProgress: (progress) => {
          const share = (k + progress.fraction) / runs;
          const sample = sampleOf(progress.sample);
          plan.onProgress?.({ ...progress, sample, fraction: (work + share * works[i]) / total });
        },
      });
      const before = step;
      result = yield* mapped(walk, (preview) => ({
        ...preview,
        sample: sampleOf(preview.sample),
        step: before + preview.step,
        steps,
      }));
      result.warnings.forEach((warning) => warnings.add(warning));
      made.push(...result.images);
    }
    images = made;
    work += works[i];
    step += stepsOf(stages[i]);
  }
  return { ...result!, images, warnings: [...warnings] };
}

/** Plans every stage for the result of the stage before it. */
function planStages(
  chain: readonly Stage[],
  { card, accepts }: Pick<Upscaler, "card" | "accepts">,
  size: Size,
  options: UpscaleOptions = {},
): Plan {
  checkNames(options, optionsOf(card, accepts), () => "no stage of the cascade has it");
  checkHandles(options);
  const { seed = drawSeed(), samples = 1, guide, noise, signal, onProgress } = options;
  const stages: Plan[] = [];
  let left = samples;
  for (const { upscaler, options: own } of chain) {
    const { width, height } = stages.at(-1) ?? size;
    const known = upscaler.accepts.includes("samples") ? { seed, samples: left } : {};
    const shared = knownOptions(upscaler, { ...options, seed: undefined, samples: undefined });
    stages.push(upscaler.plan({ width, height }, { ...shared, ...own, ...known }));
    if (upscaler.accepts.includes("samples")) left = 1;
  }
  const last = stages[stages.length - 1];
  if (guide !== undefined) checkGuide(guide, last);
  const generative = stages.some((stage) => stage.generative);
  const between = stages.slice(0, -1).map(({ width, height }) => 4 * width * height * samples);
  return {
    ...last,
    model: card.id,
    sourceWidth: size.width,
    sourceHeight: size.height,
    seed: generative ? seed : 0,
    generative,
    samples,
    runs: stages.reduce((sum, { runs, samples: own }) => sum + runs * (samples / own), 0),
    seen: stages.reduce((sum, { seen, samples: own }) => sum + seen * (samples / own), 0),
    memory: Math.max(...stages.map(({ memory }) => memory)) + Math.max(0, ...between),
    consistency: options.consistency ?? false,
    keepHidden: options.keepHidden ?? false,
    warnings: [...new Set(stages.flatMap(({ warnings }) => warnings))],
    stages,
    noise,
    guide,
    signal,
    onProgress,
  };
}

/** The options of a run that a stage has, except those that are set for each stage. */
function knownOptions({ accepts, card }: Upscaler, options: UpscaleOptions): UpscaleOptions {
  const known = optionsOf(card, accepts);
  const apart = ["guide", "noise", "signal", "onProgress"];
  const kept = Object.entries(options)
    .filter(([name]) => known.includes(name) && !apart.includes(name));
  return Object.fromEntries(kept);
}

/** The noise of one image in one stage: every stage has its own draws, and every image its own sample. */
function noiseOf(field: NoiseField = noise, stage: number, image: number): NoiseField {
  return (index, dims, origin) => {
    const { sample, draw } = index;
    return field({ ...index, sample: sample + image, draw: draw + stage * DRAWS }, dims, origin);
  };
}

/** Pixels that the networks of a stage process, or all pixels if there is no network. */
function workOf({ seen, sourceWidth, sourceHeight }: Plan): number {
  return seen || sourceWidth * sourceHeight;
}

/** Steps of one sample in all regions. */
function stepsOf({ stages, regions: { rows, columns }, steps }: Plan): number {
  if (stages) return stages.reduce((sum, stage) => sum + stepsOf(stage), 0);
  return rows.length * columns.length * steps;
}

/** Options that any stage has; a guide needs the last stage to have it. */
function acceptedBy(upscalers: readonly Upscaler[]): FamilyOption[] {
  const all = new Set(upscalers.flatMap(({ accepts }) => accepts));
  if (!upscalers.at(-1)?.accepts.includes("guide")) all.delete("guide");
  return [...all];
}

/** The card of the cascade, which is never published. */
export function cascadeCard(cards: readonly ModelCard[]): ModelCard {
  const join = (key: "id" | "version") => cards.map((card) => card[key]).join("+");
  const weights = [...new Set(cards.map(({ licence }) => licence.weights))];
  return {
    id: join("id"),
    name: cards.map(({ name }) => name).join(", then "),
    description: "A cascade: each stage enlarges the result of the one before it.",
    family: "cascade",
    scale: cards.reduce((product, { scale }) => product * scale, 1),
    version: join("version"),
    licence: {
      weights: weights.join(" AND "),
      data: cards.flatMap(({ licence }) => licence.data),
    },
    graphs: {},
    tiling: cards.find(({ tiling }) => tiling)?.tiling,
  };
}
