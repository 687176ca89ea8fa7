/** An upscaler whose library is in a worker. @module */

import type { EntryOptions } from "../entry.ts";
import { sendable } from "../image/files/sendable.ts";
import type { ImageLike } from "../image/files/source.ts";
import { plainImage } from "../image/image.ts";
import { type Plan, planUpscale, type UpscaleOptions } from "../plan.ts";
import { memoryOf, planFor, type Upscaler } from "../upscaler.ts";
import type { Encoded } from "../latents.ts";
import type { ModelCard } from "../zoo/card.ts";
import { openRemotely } from "./entry.ts";

/** Opens an entry in a worker, as `openUpscaler()` does on this thread. */
export async function upscalerInWorker(
  model: string | URL | ModelCard,
  options: EntryOptions & { library?: string | URL },
): Promise<Upscaler> {
  const entry = await openRemotely("upscaler", model, options);
  const { card, model: { accepts, generative, ...facts }, line, close } = entry;
  const plan: Upscaler["plan"] = (size, options) => planUpscale(card, entry.model, size, options);

  /** Makes the inputs of a run to send; a plan of another entry is refused here. */
  function inputsOf(source: ImageLike, how: UpscaleOptions | Plan) {
    const memory = memoryOf(how);
    if ("regions" in how) {
      planFor({ card, plan }, { width: how.sourceWidth, height: how.sourceHeight }, how);
    }
    const { signal } = how;
    return async () => [await sendable(source, { signal, memory })];
  }

  const encode: Upscaler["encode"] = async (low, high, { signal } = {}) =>
    await line.ask(
      { kind: "encode", low: plainImage(low), high: plainImage(high) },
      { signal },
    ) as Encoded;

  return {
    ...{ card, generative, accepts, plan, close },
    get provider() {
      return entry.state.provider;
    },
    get tried() {
      return entry.state.tried;
    },
    upscale: async (source, how = {}) => await entry.run(inputsOf(source, how), how),
    async *stream(source, how = {}) {
      return yield* entry.stream(inputsOf(source, how), how);
    },
    ...facts.condition && facts.encode ? { encode } : {},
    [Symbol.asyncDispose]: close,
  };
}
