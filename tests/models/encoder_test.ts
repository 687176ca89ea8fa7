import { expect } from "expect";
import { enlarge } from "../../lib/enlarge.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { families } from "../../lib/models/mod.ts";
import { planUpscale } from "../../lib/plan.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { disposeAll, type Held, heldHere, isHeld } from "../../lib/tensor/held.ts";
import { patchesHere } from "../../lib/tensor/patch.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";
import { type NetworkFunction, readTiny, sessionOf, testPicture } from "../contracts/family.ts";

/** A session that keeps its held outputs and parts in `alive` until they are disposed. */
function counted(network: NetworkFunction, alive: Set<Held>): Session {
  const session = sessionOf(network);
  const keep = (values: Tensor): Held => {
    const held = { ...heldHere(values), dispose: () => void alive.delete(held) };
    alive.add(held);
    return held;
  };
  return {
    ...session,
    async hold(inputs, { outputs: wanted } = {}) {
      const outputs = Object.entries(await session.run(inputs))
        .filter(([name]) => !wanted || name in wanted);
      return Object.fromEntries(outputs.map(([name, values]) => [name, keep(values)]));
    },
    async sum(terms, how) {
      const total = await session.sum(terms, how);
      if (how?.spent) disposeAll([how.spent]);
      return total;
    },
    async cut(image, window) {
      const part = await patchesHere.cut(image, window, undefined);
      return isHeld(image) ? keep(part) : part;
    },
    async add(whole, part, patch) {
      const sum = await patchesHere.add(whole, part, patch, undefined);
      return isHeld(part) ? keep(sum) : sum;
    },
  };
}

const encoder: NetworkFunction = ({ lr }) => {
  const [, , h, w] = lr.dims;
  return Promise.resolve({ features: lr, estimate: tensor([1, 3, 4 * h, 4 * w]) });
};

/** How the second half of a run ends. */
const endings: Record<string, { end?: () => void; wanted?: RegExp; leave?: boolean }> = {
  "after success": {},
  "after an error": {
    end() {
      throw new Error("the network broke");
    },
    wanted: /the network broke/,
  },
  "after an abort": { end: () => controller.abort(new Error("enough")), wanted: /enough/ },
  "when the run is left early": { leave: true },
};
let controller = new AbortController();

for (const id of ["srdiff-tiny", "srflow-tiny"]) {
  for (const [when, { end, wanted, leave }] of Object.entries(endings)) {
    for (const size of [20, 64]) {
      Deno.test(`${id} disposes what it holds ${when}, in tiles of ${size}`, async () => {
        controller = new AbortController();
        const { signal } = controller;
        const { card } = await readTiny(id);
        const alive = new Set<Held>();
        let most = 0;
        const rest: NetworkFunction = ({ x, features }) => {
          most = Math.max(most, alive.size);
          end?.();
          signal.throwIfAborted();
          const [, , h, w] = features.dims;
          const out = tensor(x?.dims ?? [1, 3, 4 * h, 4 * w]);
          return Promise.resolve({ prediction: out, residual: out });
        };
        const sessions = {
          encoder: counted(encoder, alive),
          denoiser: counted(rest, alive),
          fast: counted(rest, alive),
          inverse: counted(rest, alive),
        };
        const model = families[card.family](card, sessions);
        const source = toImage(testPicture(24, 24), { channels: 3 });
        const made = planUpscale(card, model, source, { seed: 1, samples: 2, tile: size, signal });
        const steps = enlarge({ card, model }, source, made);
        const work = async () => {
          for await (const _ of steps) if (leave) break;
        };
        if (wanted) await expect(work()).rejects.toThrow(wanted);
        else await work();
        // With several tiles, the features and the part cut out for one tile are held.
        const isCut = made.tiling.size < 36;
        expect(most).toBeGreaterThanOrEqual(isCut ? 2 : 1);
        expect(alive.size).toBe(0);
      });
    }
  }
}
