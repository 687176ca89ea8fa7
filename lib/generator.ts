/** Images generated from noise alone. @module */

import { checkObject, checkWhole } from "./checks.ts";
import { type Engine, enlarge, type Preview } from "./enlarge.ts";
import { checkOpen, type Entry, type EntryOptions, openEntry } from "./entry.ts";
import { UnsupportedError } from "./errors.ts";
import { cropImage } from "./image/crop.ts";
import type { Image } from "./image/image.ts";
import type { FamilyOption } from "./models/model.ts";
import { checkChoices, checkHandles, type Plan, planUpscale, type UpscaleOptions } from "./plan.ts";
import type { Provider } from "./runtime/session.ts";
import { mapped } from "./stream.ts";
import { drain, drawnBy, type Upscaled } from "./upscaler.ts";
import type { ModelCard } from "./zoo/card.ts";

/** How images are generated; options that an entry does not have are refused, not ignored. */
export interface GenerateOptions
  extends Omit<UpscaleOptions, "fidelity" | "consistency" | "keepHidden"> {
  /** Columns of the images, 1 to 16384. */
  width: number;
  /** Rows of the images, 1 to 16384. */
  height: number;
}

/** An unconditional entry of the zoo, ready to work. */
export interface ImageGenerator extends AsyncDisposable {
  /** The model card of the entry. */
  readonly card: ModelCard;
  /** The options that only some entries have and this one has. */
  readonly accepts: readonly FamilyOption[];
  /** The provider of its networks. */
  readonly provider: Provider | "none";
  /** The providers that were tried before and failed, with the reasons. */
  readonly tried: readonly { provider: string; reason: string }[];
  /**
   * Makes the plan of a run, without any work.
   *
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, or the memory does not suffice.
   */
  plan(options: GenerateOptions): Plan;
  /**
   * Generates images of any size; a size that the network does not take is generated larger and cropped.
   *
   * @param how Options, or a plan that this generator made.
   * @throws {TypeError} If the entry does not know an option.
   * @throws {RangeError} If a value is out of its range, or the memory does not suffice.
   */
  generate(how: GenerateOptions | Plan): Promise<Upscaled>;
  /** Does the same and yields each step; returns what `generate()` resolves to. */
  stream(how: GenerateOptions | Plan): AsyncGenerator<Preview, Upscaled>;
  /** Closes the generator, as `await using` does; a run in progress rejects. */
  close(): Promise<void>;
}

/** Opens an entry on this thread, as `loadGenerator()` does. */
export async function openGenerator(
  model: string | URL | ModelCard,
  options: EntryOptions = {},
): Promise<ImageGenerator> {
  const entry = await openEntry(model, options);
  if (!entry.model.condition) return generatorOf(entry);
  await entry[Symbol.asyncDispose]();
  throw new UnsupportedError(
    `Cannot generate images with ${entry.card.id}: it enlarges images. Open it with load(), or ` +
      `run cli/upscale.ts`,
  );
}

/** A generator of an opened entry. */
function generatorOf(entry: Entry): ImageGenerator {
  const close = async () => await entry[Symbol.asyncDispose]();
  const { card, model, tried } = entry;
  const plan = (options: GenerateOptions) => planImages(entry, options);
  async function* stream(how: GenerateOptions | Plan): AsyncGenerator<Preview, Upscaled> {
    checkOpen(entry);
    checkObject("options", how);
    const made = "regions" in how ? checked(how, card) : plan(how);
    const { sourceWidth: columns, sourceHeight: rows, width, height } = made;
    const cut = (image: Image) => cropImage(image, { x: 0, y: 0, width, height });
    const blank = {
      width: columns,
      height: rows,
      channels: 3,
      data: opaque(columns * rows),
    } as const;
    const whole = { ...made, width: columns * card.scale, height: rows * card.scale };
    const drawn = yield* mapped(enlarge(entry, blank, whole), ({ image, state, ...preview }) => ({
      ...preview,
      image: async () => cut(await image()),
      state: state && (async () => cut(await state())),
    }));
    const images = drawn.map(cut);
    const warnings = [...made.warnings, ...entry.warnings];
    return { images, model: card.id, ...drawnBy(model, made), provider: entry.provider, warnings };
  }
  return {
    card,
    accepts: model.accepts,
    get provider() {
      return entry.provider;
    },
    tried,
    plan,
    generate: (how) => drain(stream(how)),
    stream,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The plan of a grid that covers the images. */
export function planImages({ card, model }: Engine, given: GenerateOptions): Plan {
  checkObject("options", given);
  const { width, height, ...options } = given;
  checkWhole("width", width, { from: 1, to: 16384 });
  checkWhole("height", height, { from: 1, to: 16384 });
  const size = { width: Math.ceil(width / card.scale), height: Math.ceil(height / card.scale) };
  return { ...planUpscale(card, model, size, options), width, height };
}

/** Refuses the plan of another entry, and invalid choices. */
function checked(plan: Plan, card: ModelCard): Plan {
  if (plan.model !== card.id) {
    throw new RangeError(`Cannot run the plan: it is for ${plan.model}, not for ${card.id}`);
  }
  checkHandles(plan);
  checkChoices(card, plan);
  return plan;
}

/** Opaque black pixels. */
function opaque(count: number): Uint8ClampedArray<ArrayBuffer> {
  return new Uint8ClampedArray(4 * count).map((_, i) => i % 4 === 3 ? 255 : 0);
}
