/** The upscaler: opens an entry by its name and enlarges images. @module */

import { checkObject } from "./checks.ts";
import { settleRestore } from "./damage.ts";
import { enlarge, type Preview } from "./enlarge.ts";
import { type Encoded, latentsOf } from "./latents.ts";
import { checkOpen, type Entry, type EntryOptions, openEntry } from "./entry.ts";
import { UnsupportedError } from "./errors.ts";
import { readImage } from "./image/files/read.ts";
import type { ImageLike } from "./image/files/source.ts";
import type { Image } from "./image/image.ts";
import { bleed } from "./image/bleed.ts";
import type { Size } from "./image/resize.ts";
import { lrPsnr } from "./metrics/consistency.ts";
import type { SamplerName } from "./diffusion/samplers/mod.ts";
import type { FamilyOption, Model } from "./models/model.ts";
import { checkChoices, checkHandles, type Plan, planUpscale, type UpscaleOptions } from "./plan.ts";
import { precisionOf } from "./precision.ts";
import type { Refusal } from "./runtime/providers.ts";
import type { Provider } from "./runtime/session.ts";
import type { ModelCard } from "./zoo/card.ts";

/** The result of a run. */
export interface Upscaled {
  /** One image per sample. */
  readonly images: readonly Image[];
  /** Id of the entry. */
  readonly model: string;
  /** The seed, even if it was chosen at random; absent if the entry is not generative. */
  readonly seed?: number;
  /** The sampler; absent if none is used. */
  readonly sampler?: SamplerName;
  /** Steps of the sampler; absent if none is used. */
  readonly steps?: number;
  /** Name of the graph that made the steps; absent if no sampler is used. */
  readonly graph?: string;
  /** How much damage was removed, 0 to 1, even if it was estimated; absent if the entry does not have `restore`. */
  readonly restore?: number;
  /**
   * LR-PSNR of each image in dB: how well it matches the source when it is shrunk again; infinite if there is no
   * difference, absent without the option `consistency`.
   */
  readonly lrPsnr?: readonly number[];
  /** The provider that ran the networks. */
  readonly provider: Provider | "none";
  /** Precision of the weights, such as fp16 or int8; absent without a network. */
  readonly precision?: string;
  /** Warnings for the user about this result. */
  readonly warnings: readonly string[];
}

/** An entry of the zoo, ready to work. */
export interface Upscaler extends AsyncDisposable {
  /** The model card of the entry. */
  readonly card: ModelCard;
  /** Whether it draws samples, so that the seed matters. */
  readonly generative: boolean;
  /** The options that only some entries have and this one has. */
  readonly accepts: readonly FamilyOption[];
  /** The provider of its networks; "none" if it has no network. */
  readonly provider: Provider | "none";
  /** The providers that were tried before and failed, with the reasons. */
  readonly tried: readonly Refusal[];
  /**
   * Makes the plan of a run, without any work.
   *
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, or the memory does not suffice.
   */
  plan(size: Size, options?: UpscaleOptions): Plan;
  /**
   * Enlarges an image.
   *
   * @param source The image; one in memory must not change until the run ends.
   * @param how Options, or a plan that this upscaler made for an image of this size. A plan may be changed
   * when it is executed: `{ ...plan, onProgress }`.
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, the memory does not suffice, or the plan is for
   * another size or entry.
   */
  upscale(source: ImageLike, how?: UpscaleOptions | Plan): Promise<Upscaled>;
  /** Does the same and yields each step; returns what `upscale()` resolves to. */
  stream(source: ImageLike, how?: UpscaleOptions | Plan): AsyncGenerator<Preview, Upscaled>;
  /** Finds the latents that make a large image from a small one; absent if the entry cannot. */
  encode?(low: Image, high: Image, options?: Pick<UpscaleOptions, "signal">): Promise<Encoded>;
  /** Closes the upscaler, as `await using` does; a run in progress rejects. */
  close(): Promise<void>;
}

/** Opens an entry on this thread, as `load()` does. */
export async function openUpscaler(
  model: string | URL | ModelCard,
  options: EntryOptions = {},
): Promise<Upscaler> {
  const entry = await openEntry(model, options);
  if (entry.model.condition) return upscalerOf(entry, options.worker);
  await entry[Symbol.asyncDispose]();
  throw new UnsupportedError(
    `Cannot enlarge with ${entry.card.id}: it generates images without an input. Open it with ` +
      `loadGenerator(), or run cli/generate.ts`,
  );
}

/** An upscaler of an opened entry; `worker` is the script of its threads. */
export function upscalerOf(entry: Entry, worker?: string | URL): Upscaler {
  const { card, model, tried } = entry;
  const { generative, accepts } = model;
  const encode = model.condition && model.encode;
  const close = async () => await entry[Symbol.asyncDispose]();
  const plan: Upscaler["plan"] = (size, options) => planUpscale(card, model, size, options);
  async function* stream(
    source: ImageLike,
    how: UpscaleOptions | Plan = {},
  ): AsyncGenerator<Preview, Upscaled> {
    checkOpen(entry);
    const memory = memoryOf(how);
    let planned!: Plan;
    const onSize = (size: Size) => void (planned = planFor({ card, plan }, size, how));
    const image = await readImage(source, { signal: how.signal, memory, onSize, worker });
    const made = await settleRestore(entry, image, planned);
    const images = yield* enlarge(entry, image, made);
    const { restore } = made;
    const dial = typeof restore === "number" ? { restore } : {};
    const ran = { provider: entry.provider, precision: precisionOf(card) };
    const drawn = { ...dial, ...drawnBy(model, made), ...ran };
    const warnings = [...made.warnings, ...entry.warnings];
    const result = { images, model: card.id, ...drawn, warnings };
    return withConsistency(result, { source: image, plan: made });
  }
  return {
    card,
    generative,
    accepts,
    get provider() {
      return entry.provider;
    },
    tried,
    plan,
    upscale: (source, how) => drain(stream(source, how)),
    stream,
    ...encode
      ? {
        encode: async (low, high, options) => {
          checkOpen(entry);
          return await latentsOf(encode, { low, high }, plan(low, options));
        },
      }
      : {},
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * The memory that reading the image may take, if these are options; a plan does not state it.
 *
 * @throws {TypeError} If these are neither options nor a plan.
 */
export function memoryOf(how: UpscaleOptions | Plan): number | undefined {
  checkObject("options", how);
  return "regions" in how ? undefined : how.memory;
}

/**
 * The plan of a run: the given one, or one that is made from options.
 *
 * @throws {TypeError} If a choice of the given plan has the wrong type.
 * @throws {RangeError} If the given plan is for another size or entry, or a choice is out of its range.
 */
export function planFor(
  { card, plan }: Pick<Upscaler, "card" | "plan">,
  size: Size,
  how: UpscaleOptions | Plan,
): Plan {
  if (!("regions" in how)) return plan(size, how);
  const { model, sourceWidth, sourceHeight, stages } = how;
  if (model === card.id && sourceWidth === size.width && sourceHeight === size.height) {
    checkHandles(how);
    if (!stages) checkChoices(card, how);
    return how;
  }
  throw new RangeError(
    `Cannot run the plan: it is for ${model} and an image of ${sourceWidth}x${sourceHeight}, not for ` +
      `${card.id} and ${size.width}x${size.height}. Make another with plan()`,
  );
}

/** LR-PSNR in dB below which a result gets a warning. */
const CONSISTENT = 50;

/** Adds the LR-PSNR that the option `consistency` has reached. */
export function withConsistency(
  result: Upscaled,
  { source, plan }: { source: Image; plan: Plan },
): Upscaled {
  if (!plan.consistency) return result;
  const low = plan.keepHidden ? source : bleed(source);
  const reached = result.images.map((image) => lrPsnr(image, low));
  const worst = Math.min(...reached);
  const warning =
    `the result, made small again, is ${
      worst.toFixed(1)
    } dB from the source, less than ${CONSISTENT}: ` +
    `no image shrinks to a source like this one by bicubic`;
  const warnings = [...result.warnings];
  if (worst < CONSISTENT) warnings.push(warning);
  if (result.restore) warnings.push("consistency puts back the damage that restore removes");
  return { ...result, lrPsnr: reached, warnings };
}

/** The choices that a result states. */
export function drawnBy({ accepts, generative }: Model, plan: Plan): Partial<Upscaled> {
  if (!generative) return {};
  const { seed, sampler, steps, graph } = plan;
  return {
    seed,
    ...accepts.includes("sampler") ? { sampler } : {},
    ...accepts.includes("steps") ? { steps, graph } : {},
  };
}

/** Runs a generator to its end and returns its result. */
export async function drain<T>(generator: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await generator.next();
  while (!next.done) next = await generator.next();
  return next.value;
}
