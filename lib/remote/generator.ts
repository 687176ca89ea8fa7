/** A generator whose library is in a worker. @module */

import type { EntryOptions } from "../entry.ts";
import { type ImageGenerator, planImages } from "../generator.ts";
import type { ModelCard } from "../zoo/card.ts";
import { openRemotely } from "./entry.ts";

/** Opens an entry in a worker, as `openGenerator()` does on this thread. */
export async function generatorInWorker(
  model: string | URL | ModelCard,
  options: EntryOptions & { library?: string | URL },
): Promise<ImageGenerator> {
  const entry = await openRemotely("generator", model, options);
  const { card, close } = entry;
  const inputs = () => Promise.resolve([]);
  return {
    ...{ card, accepts: entry.model.accepts, close },
    get provider() {
      return entry.state.provider;
    },
    get tried() {
      return entry.state.tried;
    },
    plan: (options) => planImages(entry, options),
    generate: (how) => entry.run(inputs, how),
    stream: (how) => entry.stream(inputs, how),
    [Symbol.asyncDispose]: close,
  };
}
