import { expect } from "expect";
import { samplers } from "../../lib/diffusion/samplers/mod.ts";
import { walk, type WalkInput } from "../../lib/diffusion/walk.ts";
import { tensors } from "../../lib/tensor/arithmetic.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { gaussianToy } from "../contracts/sampler.ts";

/** A state that is tracked until it is freed. */
interface Counted {
  values: Tensor;
}

/** The toy on tracked states, and the set of those not yet freed. */
function countedToy(steps: number): { input: WalkInput<Counted>; alive: Set<Counted> } {
  const toy = gaussianToy(steps);
  const alive = new Set<Counted>();
  /** States passed to walk(), which it must not free. */
  const given = new Set<Counted>();
  const made = (values: Tensor, among: Set<Counted>) => {
    const state = { values };
    among.add(state);
    return state;
  };
  const read = (state: Counted) => {
    if (!alive.has(state) && !given.has(state)) throw new Error("it was freed");
    return state.values;
  };
  const input: WalkInput<Counted> = {
    ...toy,
    start: made(toy.start, given),
    noise: async (draw) => made(await toy.noise(draw), given),
    denoise: async (x, t) => made(await toy.denoise(read(x), t), alive),
    arithmetic: {
      sum: async (terms) =>
        made(await tensors.sum(terms.map(([weight, state]) => [weight, read(state)])), alive),
      free(state) {
        if (!alive.delete(state)) throw new Error("it was freed before");
      },
    },
  };
  return { input, alive };
}

for (const [name, sampler] of Object.entries(samplers)) {
  Deno.test(`walk() with ${name}() frees every state but the one that it returns`, async () => {
    const { input, alive } = countedToy(6);
    const steps = walk(sampler, input);
    let next = await steps.next();
    for (; !next.done; next = await steps.next()) {
      const { x0, x, from, step } = next.value;
      for (const state of [x0, x, from]) expect(alive.has(state) || step === 1).toBe(true);
      expect(alive.size).toBeLessThanOrEqual(4);
    }
    expect([...alive]).toEqual([next.value]);
  });

  Deno.test(`walk() with ${name}() frees every state if it ends early or fails`, async () => {
    const left = countedToy(6);
    for await (const { step } of walk(sampler, left.input)) if (step === 3) break;
    expect(left.alive.size).toBe(0);
    const failing = countedToy(6);
    let calls = 0;
    const denoise: typeof left.input.denoise = (x, t) =>
      ++calls === 4 ? Promise.reject(new Error("broken")) : failing.input.denoise(x, t);
    const run = Array.fromAsync(walk(sampler, { ...failing.input, denoise }));
    await expect(run).rejects.toThrow("broken");
    expect(failing.alive.size).toBe(0);
  });
}
