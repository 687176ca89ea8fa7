/** Random options, sizes and command lines: each must give a plan, a result or one clear error. @module */

import { type Image, load, type UpscaleOptions, type Upscaler } from "../../mod.ts";
import { readSettings } from "../../cli/settings.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { checkError, must, ODD, oneOf, type Part, wholeWithin } from "./part.ts";

const tiny = new URL("../../tests/fixtures/zoo/srdiff-tiny/model.yml", import.meta.url);

const NAMES = [
  ...["seed", "samples", "sampler", "steps", "temperature", "fidelity", "restore", "tile"],
  ...["consistency", "memory", "keepHidden", "noise", "guide", "signal", "onProgress"],
  ...["toString", "__proto__", "constructor", "scale"],
];

function oddOptions(random: () => number): UpscaleOptions {
  const options: Record<string, unknown> = {};
  for (let i = wholeWithin(random, 0, 4); i > 0; i--) {
    const name = oneOf(random, NAMES);
    Object.defineProperty(options, name, {
      value: oneOf(random, ODD),
      enumerable: true,
      configurable: true,
    });
  }
  return options as UpscaleOptions;
}

function oddSize(random: () => number): { width: number; height: number } {
  const side = () => {
    const kind = random();
    if (kind < 0.6) return wholeWithin(random, 1, 40);
    if (kind < 0.8) return Math.floor(2 ** (20 * random()));
    return oneOf(random, [0, -1, 1.5, NaN, Infinity, 2 ** 31, 1e9]);
  };
  return { width: side(), height: side() };
}

let opened: Promise<Upscaler[]> | undefined;

/** Two upscalers, open until {@linkcode closeOptions}. */
function upscalers(): Promise<Upscaler[]> {
  return opened ??= Promise.all([load("bicubic"), load(tiny, { provider: "native", threads: 1 })]);
}

/** Closes the upscalers of this part. */
export async function closeOptions(): Promise<void> {
  for (const upscaler of await opened ?? []) await upscaler[Symbol.asyncDispose]();
  opened = undefined;
}

/** Plans of random options, and the results of those that are small. */
export const plans: Part = {
  name: "options",
  tries: 20_000,
  async attempt(random) {
    const upscaler = oneOf(random, await upscalers());
    const size = oddSize(random);
    const options = oddOptions(random);
    const what = () => `plan(${JSON.stringify(size)}, ${Deno.inspect(options)})`;
    let plan;
    try {
      plan = upscaler.plan(size, options);
    } catch (error) {
      checkError(error, what());
      return "refused";
    }
    must(
      Number.isFinite(plan.memory) && plan.memory > 0 && Number.isFinite(plan.runs),
      () => `${what()} plans ${plan.memory} bytes and ${plan.runs} calls`,
    );
    must(
      plan.width === 4 * size.width && plan.height === 4 * size.height,
      () => `${what()} plans ${plan.width}x${plan.height}`,
    );
    const isSmall = size.width * size.height <= 400 && plan.samples * plan.steps <= 8;
    if (!isSmall || random() > 0.1) return "planned";
    const image = flat(size);
    try {
      const { images } = await upscaler.upscale(image, plan);
      must(
        images.length === plan.samples &&
          images.every((made) => made.data.length === 4 * plan.width * plan.height),
        () => `${what()} makes ${images.map((made) => `${made.width}x${made.height}`)}`,
      );
      return "made";
    } catch (error) {
      checkError(error, `upscale of ${what()}`);
      return "failed";
    }
  },
};

function flat({ width, height }: { width: number; height: number }): Image {
  const data = new Uint8ClampedArray(4 * width * height).map((_, i) => i % 4 === 3 ? 255 : i % 251);
  return { width, height, data };
}

const WORDS = [
  ...["--model", "-o", "--out", "--steps", "--seed", "--samples", "--memory", "--shard", "--scale"],
  ...["--tile", "--format", "--quality", "--consistency", "--json", "--", "-", "--no", "--strip"],
  ...["--dry-run", "--again", "--restore", "--temperature", "--fidelity", "--sampler", "--threads"],
  ...["a.png", "", " ", "1", "0", "-1", "1e9", "NaN", "0x10", "4GB", "1/2", "0/0", "9/3", "png"],
  ...["jpeg", "__proto__", "toString", "\u0000", "\x1b[31m", "\u202e", "=", "--seed=1", "--seed="],
  ...["-abc", "--no-consistency=1", "/dev/stdin", "**", "[", "a".repeat(5000), "1,5", "½"],
];

/** Random command lines. */
export const commandLines: Part = {
  name: "flags",
  tries: 20_000,
  attempt(random) {
    const args = Array.from({ length: wholeWithin(random, 0, 7) }, () => oneOf(random, WORDS));
    try {
      const read = readSettings(args, "0.0.0");
      must(
        typeof read === "string" || read.inputs.length > 0,
        () => `${JSON.stringify(args)} is taken without an input`,
      );
      return Promise.resolve(typeof read === "string" ? "told" : "taken");
    } catch (error) {
      must(error instanceof UsageError, () => `${JSON.stringify(args)} throws ${error}`);
      must(
        !error.message.includes("\n") && error.message.length > 5,
        () => `${JSON.stringify(args)} says ${JSON.stringify(error.message)}`,
      );
      return Promise.resolve("refused");
    }
  },
};
