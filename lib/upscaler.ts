/** From the name of an entry to a larger image. @module */

import { type Engine, enlarge, type Preview } from "./enlarge.ts";
import { type Image, type ImageLike, readImage } from "./image/image.ts";
import type { Size } from "./image/resize.ts";
import type { SamplerName } from "./diffusion/samplers/mod.ts";
import { familyOf } from "./models/mod.ts";
import type { FamilyOption, Model } from "./models/model.ts";
import { type Plan, planUpscale, type UpscaleOptions } from "./plan.ts";
import { type OpenedSessions, type OpenOptions, openSessions } from "./runtime/providers.ts";
import type { Provider } from "./runtime/session.ts";
import type { ModelCard } from "./zoo/card.ts";
import { fetchFixture, fetchGraph, type FetchOptions } from "./zoo/store.ts";
import { readCard, recheckCard } from "./zoo/read.ts";
import { openZoo, type Zoo } from "./zoo/zoo.ts";

/** How an entry is loaded. */
export interface LoadOptions extends FetchOptions {
  /**
   * The only place to run on.
   *
   * @default {the first that works of "webgpu", "native", "wasm"}
   */
  provider?: Provider;
  /**
   * Threads of the CPU.
   *
   * @default {all}
   */
  threads?: number;
  /**
   * Where names of entries are looked up: a zoo, or the URL of its folder.
   *
   * @default {the zoo of this package}
   */
  zoo?: Zoo | string | URL;
  /** URL of the folder with ONNX Runtime's `.wasm` and `.mjs` files, for a bundled page. */
  wasmPaths?: string;
  /**
   * URL of the worker's script, for a bundled page whose bundler does not find it: the bundle of
   * `jsr:@srzoo/core/worker`.
   */
  worker?: string | URL;
}

/** What a run made. */
export interface Upscaled {
  /** One image for each sample. */
  readonly images: readonly Image[];
  /** Id of the entry. */
  readonly model: string;
  /** The seed, also where it was drawn; absent where nothing is drawn. */
  readonly seed?: number;
  /** The sampler; absent where nothing is drawn. */
  readonly sampler?: SamplerName;
  /** Steps of the sampler; absent where nothing is drawn. */
  readonly steps?: number;
  /** Name of the graph that made the steps; absent where nothing is drawn. */
  readonly graph?: string;
  /** What ran the networks. */
  readonly provider: Provider | "none";
  /** What the user should know of this result. */
  readonly warnings: readonly string[];
}

/** An entry of the zoo, ready to work. */
export interface Upscaler extends AsyncDisposable {
  /** What the entry is. */
  readonly card: ModelCard;
  /** Whether it draws samples, so that the seed matters. */
  readonly generative: boolean;
  /** The options that only some entries know and that this one obeys. */
  readonly accepts: readonly FamilyOption[];
  /** What runs its networks; "none" where it has no network. */
  readonly provider: Provider | "none";
  /** The providers that were refused before, with the reasons. */
  readonly tried: readonly { provider: string; reason: string }[];
  /**
   * Says what a run will take, without any work.
   *
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, or the memory does not suffice.
   */
  plan(size: Size, options?: UpscaleOptions): Plan;
  /**
   * Makes an image larger.
   *
   * @param how Options, or a plan that this upscaler made for an image of this size. A plan may be changed
   * where it is executed: `{ ...plan, onProgress }`.
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, the memory does not suffice, or the plan is for
   * another size or entry.
   */
  upscale(source: ImageLike, how?: UpscaleOptions | Plan): Promise<Upscaled>;
  /** The same work, showing each step; returns what `upscale()` resolves to. */
  stream(source: ImageLike, how?: UpscaleOptions | Plan): AsyncGenerator<Preview, Upscaled>;
}

/**
 * Opens an entry of the zoo: fetches its graphs, picks a provider and checks that it computes as recorded.
 *
 * @param model Id of an entry, URL of a `model.yml`, or a card.
 * @throws {ModelNotFoundError} If the zoo has no such entry.
 * @throws {ManifestError} If the card can't be used.
 * @throws {IntegrityError} If a graph is not the one that the card promises.
 * @throws {ProviderError} If nothing here can run it.
 */
export async function load(
  model: string | URL | ModelCard,
  options: LoadOptions = {},
): Promise<Upscaler> {
  const card = await cardOf(model, options);
  const family = familyOf(card.family);
  const opened = await openGraphs(card, options);
  return upscalerOf({ card, model: family(card, opened.sessions) }, opened);
}

/** The card, wherever it comes from. */
async function cardOf(model: string | URL | ModelCard, options: LoadOptions): Promise<ModelCard> {
  if (model instanceof URL) return await readCard(model, options);
  if (typeof model !== "string") return recheckCard(model);
  const { zoo } = options;
  const opened = typeof zoo === "object" && !(zoo instanceof URL) ? zoo : openZoo(zoo);
  return await opened.find(model, options);
}

/** What the upscaler needs of its sessions. */
type Opened = Omit<OpenedSessions, "provider" | "threads"> & { provider: Provider | "none" };

/** Opens all graphs of a card together. */
async function openGraphs(card: ModelCard, options: LoadOptions): Promise<Opened> {
  const names = Object.keys(card.graphs);
  const dispose = () => Promise.resolve();
  if (names.length === 0) {
    return { provider: "none", sessions: {}, tried: [], [Symbol.asyncDispose]: dispose };
  }
  const graphs = await Promise.all(names.map(async (name) => ({
    name,
    bytes: await fetchGraph(card, name, options),
    precision: card.graphs[name].precision,
  })));
  const fixture = await fetchFixture(card, options);
  const { provider, threads, signal, wasmPaths, worker } = options;
  const open: OpenOptions = { provider, threads, signal, wasmPaths, worker, fixture };
  return await openSessions(graphs, open);
}

/** An upscaler of an opened entry. */
function upscalerOf(engine: Engine, opened: Opened): Upscaler {
  const { card, model } = engine;
  const { generative, accepts } = model;
  const { provider, tried } = opened;
  const plan: Upscaler["plan"] = (size, options) => planUpscale(card, model, size, options);
  async function* stream(
    source: ImageLike,
    how: UpscaleOptions | Plan = {},
  ): AsyncGenerator<Preview, Upscaled> {
    const image = await readImage(source, { signal: how.signal });
    const made = planFor({ card, plan }, image, how);
    const images = yield* enlarge(engine, image, made);
    return { images, model: card.id, ...drawnBy(model, made), provider, warnings: made.warnings };
  }
  return {
    card,
    generative,
    accepts,
    provider,
    tried,
    plan,
    upscale: (source, how) => drain(stream(source, how)),
    stream,
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/**
 * The plan of a run: the given one, or one that is made of options.
 *
 * @throws {RangeError} If the given one is for another size or entry.
 */
export function planFor(
  { card, plan }: Pick<Upscaler, "card" | "plan">,
  size: Size,
  how: UpscaleOptions | Plan,
): Plan {
  if (!("regions" in how)) return plan(size, how);
  const { model, sourceWidth, sourceHeight } = how;
  if (model === card.id && sourceWidth === size.width && sourceHeight === size.height) return how;
  throw new RangeError(
    `Cannot run the plan: it is for ${model} and an image of ${sourceWidth}x${sourceHeight}, not for ` +
      `${card.id} and ${size.width}x${size.height}. Make another with plan()`,
  );
}

/** What a result tells of how it was drawn. */
function drawnBy({ accepts, generative }: Model, plan: Plan): Partial<Upscaled> {
  if (!generative) return {};
  const { seed, sampler, steps, graph } = plan;
  return {
    seed,
    ...accepts.includes("sampler") ? { sampler } : {},
    ...accepts.includes("steps") ? { steps, graph } : {},
  };
}

/** Runs a generator to its end, for what it returns. */
export async function drain<T>(generator: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await generator.next();
  while (!next.done) next = await generator.next();
  return next.value;
}
