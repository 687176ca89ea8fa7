/** The verb `check`: whether a folder is an entry that works, on every provider at hand. @module */

import { type Image, load, loadGenerator, ProviderError, UnsupportedError } from "../../mod.ts";
import type { FetchOptions, ModelCard, Provider } from "../../mod.ts";
import { whyNoGpu } from "../../lib/runtime/adapter.ts";
import type { Verb } from "./desk.ts";
import { weightsOf } from "./table.ts";

/** What became of one provider. */
export interface Verdict {
  /** Its name; "none" for an entry without networks. */
  provider: Provider | "none";
  /** Why it could not be tried, or what it made. */
  result: string;
  /** Largest and mean difference from the first provider's image, of 255; absent for the first. */
  difference?: { most: number; mean: number };
}

/** Mean difference of two providers' images, of 255, that rounding explains. */
const TOLERANCE = 1;

/**
 * Compares every file of an entry with its card, runs its graphs on every provider at hand, and compares what
 * they make.
 *
 * @throws {Error} If a file is not the promised one, no provider runs it, or two of them disagree.
 */
export async function checkEntry(card: ModelCard, options: FetchOptions): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const tried: ProviderError["tried"][number][] = [];
  let first: Image | undefined;
  for (const provider of ["native", "wasm", "webgpu"] as const) {
    // A GPU in software takes minutes for what the CPU does in seconds.
    const missing = provider === "webgpu" ? await whyNoGpu(false) : undefined;
    if (missing !== undefined) {
      verdicts.push({ provider, result: missing });
      continue;
    }
    const made = await make(card, { ...options, provider }).catch((error) => {
      if (error instanceof ProviderError) return error;
      throw error;
    });
    if (made instanceof ProviderError) {
      tried.push(...made.tried);
      verdicts.push({ provider, result: made.tried.map(({ reason }) => reason).join("; ") });
      continue;
    }
    const { image } = made;
    const difference = first && differenceOf(first, image);
    verdicts.push({
      provider: made.provider,
      result: `${image.width}x${image.height}`,
      difference,
    });
    if (difference && difference.mean > TOLERANCE) {
      throw new Error(
        `Cannot accept ${card.id}: ${provider} makes another image than ${verdicts[0].provider}, ` +
          `${difference.mean.toFixed(2)} of 255 on average, at most ${difference.most}`,
      );
    }
    first ??= image;
    // Without a network there is nothing that another provider would run.
    if (made.provider === "none") break;
  }
  if (!first) throw new ProviderError(tried);
  return verdicts;
}

/** An image of the entry, drawn with a fixed seed. */
async function make(
  card: ModelCard,
  options: FetchOptions & { provider: Provider },
): Promise<{ image: Image; provider: Provider | "none" }> {
  const { signal } = options;
  // What load() refuses is unconditional, or is refused by loadGenerator() too.
  await using upscaler = await load(card, options).catch((error) => {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  });
  if (upscaler) {
    const seed = upscaler.generative ? { seed: 0 } : {};
    const source = ramp(37, 23);
    const { images: [image], provider } = await upscaler.upscale(source, { signal, ...seed });
    return { image: checked(card, image, source), provider };
  }
  await using generator = await loadGenerator(card, options);
  const { images: [image], provider } = await generator.generate({
    ...{ width: 32, height: 32, seed: 0, signal },
  });
  return { image, provider };
}

function checked(card: ModelCard, image: Image, source: Image): Image {
  const [width, height] = [source.width * card.scale, source.height * card.scale];
  if (image.width === width && image.height === height) return image;
  throw new Error(
    `Cannot accept ${card.id}: it makes ${image.width}x${image.height} of ` +
      `${source.width}x${source.height}, not ${width}x${height}`,
  );
}

/** An image whose sides are multiples of nothing. */
function ramp(width: number, height: number): Image {
  const data = new Uint8ClampedArray(4 * width * height).map((_, i) => i % 4 === 3 ? 255 : i % 251);
  return { width, height, data, channels: 3 };
}

function differenceOf(a: Image, b: Image): { most: number; mean: number } {
  let most = 0;
  let sum = 0;
  for (const [i, value] of a.data.entries()) {
    const difference = Math.abs(value - b.data[i]);
    most = Math.max(most, difference);
    sum += difference;
  }
  return { most, mean: sum / a.data.length };
}

/** Whether a folder is a sound entry. */
export const check: Verb = (program, desk) => {
  program.command("check").argument("<model>", "folder, or whatever else names an entry")
    .description("check an entry on every available provider")
    .action(async (model) => {
      const { find, tell, options } = desk();
      const card = await find(asPath(model));
      const verdicts = await checkEntry(card, options);
      const recorded = card.fixture
        ? "computes as recorded"
        : "has no recorded run to compare with";
      const lines = verdicts.map(({ provider, result, difference }) =>
        difference
          ? `  ${provider}: ${result}, within ${difference.most} of 255 of ${verdicts[0].provider}`
          : `  ${provider}: ${result}`
      );
      const [{ provider }] = verdicts.filter(({ result }) => /^\d+x\d+$/.test(result));
      const head = `${card.id} is sound: ${weightsOf(card)}, ${recorded}, on ${provider}`;
      tell({ id: card.id, verdicts }, [head, ...lines].join("\n"));
    });
};

/** A folder in the current one needs no `./` here. */
function asPath(model: string): string {
  try {
    return Deno.statSync(model).isDirectory
      ? `./${model}`.replace(/^\.\/(?=\/|[a-z]:)/i, "")
      : model;
  } catch {
    return model;
  }
}
