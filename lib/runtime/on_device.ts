/** Operations without a graph, on the device that holds the tensors, or here. @module */

import { disposeAll, type Held, sumHere, valuesOf } from "../tensor/held.ts";
import type { SumOptions, Term } from "../tensor/arithmetic.ts";
import { HeldNoise, type NoiseRecipe } from "../tensor/noise.ts";
import { type Patch, patchesHere } from "../tensor/patch.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Rect } from "../tensor/window.ts";
import type { Running } from "./attempts.ts";
import { HeldInput } from "./held_input.ts";
import { HeldOutput, noMaker } from "./held_output.ts";
import type { Remote } from "./host.ts";
import type { Session } from "./session.ts";

/** Operations of sessions without a graph. */
export type OnDevice = Pick<Session, "sum" | "cut" | "add">;

/** Where a provider can take a tensor from: here, or its device. */
export async function placeOf(
  running: Running,
  value: Tensor | Held,
  signal?: AbortSignal,
): Promise<Tensor | Remote> {
  return value instanceof HeldOutput || value instanceof HeldInput
    ? await value.on(running, signal)
    : await valuesOf(value, signal);
}

/** A sum where its terms are. */
export async function sumOn(
  running: Running,
  terms: readonly Term<Tensor | Held>[],
  { limit = Infinity, spent, signal }: SumOptions<Tensor | Held>,
): Promise<Tensor | Held> {
  const { device } = running.host;
  let total: Tensor | Held;
  if (device && terms.some(([, value]) => isAway(value))) {
    const placed: Term<Tensor | Remote | NoiseRecipe>[] = [];
    for (const [weight, value] of terms) {
      const isNoise = value instanceof HeldNoise;
      placed.push([weight, isNoise ? value.recipe : await placeOf(running, value, signal)]);
    }
    total = new HeldOutput(await device.sum(placed, { limit, signal }), noMaker);
  } else {
    total = await sumHere(terms, { limit, spent, signal });
  }
  if (spent) disposeAll([spent]);
  return total;
}

/** A window of an image, cut where the image is. */
export async function cutOn(
  running: Running,
  image: Tensor | Held,
  window: Rect,
  signal?: AbortSignal,
): Promise<Tensor | Held> {
  const { device } = running.host;
  const place = device && await placeOf(running, image, signal);
  const cut = place && !("data" in place) && await device.cut(place, window, signal);
  if (cut) return new HeldOutput(cut, noMaker);
  return await patchesHere.cut(image, window, signal);
}

/** An image with a part added, where they are. */
export async function addOn(
  running: Running,
  { whole, part, patch, signal }: {
    whole?: Tensor | Held;
    part: Tensor | Held;
    patch: Patch;
    signal?: AbortSignal;
  },
): Promise<Tensor | Held> {
  const { device } = running.host;
  if (device) {
    const to = whole && await placeOf(running, whole, signal);
    const from = await placeOf(running, part, signal);
    if (!("data" in from) && !(to && "data" in to)) {
      const sum = await device.add(to, from, patch, signal);
      if (sum) return whole ?? new HeldOutput(sum, noMaker);
    }
  }
  return await patchesHere.add(whole, part, patch, signal);
}

/** Whether a tensor is not in the memory of the CPU. */
function isAway(value: Tensor | Held): value is HeldOutput {
  return value instanceof HeldOutput && !value.isHere;
}
