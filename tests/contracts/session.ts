/** Tests that every session must pass, on every provider. @module */

import { expect } from "expect";
import { readTensors } from "../../lib/runtime/fixture.ts";
import { compare } from "../../lib/runtime/self_check.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { sumOf } from "../../lib/tensor/arithmetic.ts";
import { disposeAll, GoneError, valuesOf } from "../../lib/tensor/held.ts";
import { type Tensor, tensor } from "../../lib/tensor/tensor.ts";

/** Opens one of the tiny graphs of `make_graphs.py`. */
export type OpenTiny = (name: string) => Promise<Session>;

/**
 * Registers the tests of the sessions that `open` returns.
 *
 * @param options `side` of an image for which the graph `loop` takes some 100 milliseconds or more.
 */
export function testSession(
  label: string,
  open: OpenTiny,
  { side = 160, ...options }: Pick<Deno.TestDefinition, "ignore"> & { side?: number } = {},
): void {
  for (const [sentence, check] of Object.entries(cases)) {
    Deno.test({ name: `Session (${label}) ${sentence}`, fn: () => check(open, side), ...options });
  }
}

/** Bytes of a fixture file. */
export function readFixture(file: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(new URL(`../fixtures/${file}`, import.meta.url));
}

const cases: Record<string, (open: OpenTiny, side: number) => Promise<void>> = {
  async "reproduces the recorded output in every run"(open) {
    const { picture, out } = await recorded();
    await using session = await open("scale");
    for (let i = 0; i < 3; i++) {
      const outputs = await session.run({ picture });
      expect(Object.keys(outputs)).toEqual(["out"]);
      expect(compare(outputs.out, out, 1e-3)).toBe(undefined);
    }
  },
  async "takes float32 inputs with float16 weights"(open) {
    const { picture, out } = await recorded();
    await using session = await open("half");
    expect(compare((await session.run({ picture })).out, out, 1e-2)).toBe(undefined);
  },
  async "leaves its inputs usable, even views of a larger buffer"(open) {
    const { picture, out } = await recorded();
    const buffer = new Float32Array(picture.data.length + 7);
    buffer.set(picture.data, 7);
    await using session = await open("scale");
    const outputs = await session.run({ picture: tensor(picture.dims, buffer.subarray(7)) });
    expect(compare(outputs.out, out, 1e-3)).toBe(undefined);
    expect(buffer.subarray(7)).toEqual(picture.data);
  },
  async "takes images of any size and number"(open) {
    await using session = await open("denoise");
    for (const dims of [[1, 3, 4, 5], [2, 3, 9, 3]]) {
      const outputs = await session.run({ x: tensor(dims), t: tensor([dims[0]]) });
      expect(outputs.eps.dims).toEqual(dims);
    }
  },
  async "gives each of several concurrent calls its own result"(open) {
    await using session = await open("denoise");
    const x = tensor([1, 3, 3, 3], new Float32Array(27).fill(1));
    const levels = [1, 2, 3, 4];
    const results = await Promise.all(
      levels.map((level) => session.run({ x, t: tensor([1], Float32Array.of(level)) })),
    );
    const first = results[0].eps.data[4];
    for (const [i, { eps }] of results.entries()) {
      expect(eps.data[4] / first).toBeCloseTo(levels[i], 3);
    }
  },
  async "refuses a missing, an unknown and a wrongly shaped input"(open) {
    await using session = await open("denoise");
    const x = tensor([1, 3, 4, 4]);
    const t = tensor([1]);
    await expect(session.run({ x })).rejects.toThrow(/"t" is missing/);
    await expect(session.run({ x, t, temb: t })).rejects.toThrow(/no input "temb", only x, t/);
    await expect(session.run({ x: t, t })).rejects.toThrow(
      /"x" takes \[any,3,any,any\], got \[1\]/,
    );
    await expect(session.run({ x: tensor([1, 4, 4, 4]), t })).rejects.toThrow(RangeError);
    expect((await session.run({ x, t })).eps.dims).toEqual([1, 3, 4, 4]);
  },
  async "says why a run failed, and works afterwards"(open) {
    await using session = await open("denoise");
    const x = tensor([3, 3, 4, 4]);
    await expect(session.run({ x, t: tensor([2]) })).rejects.toThrow(
      /^Cannot run the graph "denoise" on/,
    );
    expect((await session.run({ x, t: tensor([3]) })).eps.dims).toEqual([3, 3, 4, 4]);
  },
  async "keeps the event loop responsive during a run"(open, side) {
    const heavy = { x: tensor([1, 16, side, side]) };
    await using session = await open("loop");
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await session.run(heavy);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  },
  async "rejects a running call with the signal's reason, and works afterwards"(open, side) {
    const heavy = { x: tensor([1, 16, side, side]) };
    await using session = await open("loop");
    const controller = new AbortController();
    let left: unknown;
    const run = session.run(heavy, { signal: controller.signal }).catch((reason) => left = reason);
    await pause(20);
    expect(left).toBe(undefined);
    const reason = new Error("enough");
    controller.abort(reason);
    await pause(0);
    expect(left).toBe(reason);
    await run;
    const { y } = await session.run(light);
    expect(y.dims).toEqual(light.x.dims);
  },
  async "rejects an aborted call without disturbing the running one"(open, side) {
    const heavy = { x: tensor([1, 16, side, side]) };
    await using session = await open("loop");
    const running = session.run(heavy);
    const reason = new Error("enough");
    const waiting = session.run(light, { signal: AbortSignal.abort(reason) });
    await expect(waiting).rejects.toBe(reason);
    expect((await running).y.dims).toEqual(heavy.x.dims);
  },
  async "holds outputs for later calls, which give the same results"(open) {
    await using session = await open("denoise");
    const t = tensor([1], Float32Array.of(3));
    const x = varied([1, 3, 5, 4]);
    const { eps } = await session.run({ x, t });
    const wanted = await session.run({ x: eps, t });
    const held = (await session.hold({ x, t }, { outputs: { eps: [1, 3, 5, 4] } })).eps;
    expect(held.dims).toEqual(eps.dims);
    for (let i = 0; i < 2; i++) {
      expect(compare((await session.run({ x: held, t })).eps, wanted.eps, 1e-5)).toBe(undefined);
      expect(compare(await held.read(), eps, 1e-5)).toBe(undefined);
    }
    held.dispose();
    await expect(held.read()).rejects.toThrow(/disposed/);
    await expect(session.run({ x: held, t })).rejects.toThrow(/disposed/);
    expect((await session.run({ x, t })).eps.dims).toEqual(x.dims);
  },
  async "takes a placed tensor like the tensor itself"(open) {
    await using session = await open("denoise");
    const t = tensor([1], Float32Array.of(3));
    const x = varied([1, 3, 5, 4]);
    const { eps } = await session.run({ x, t });
    const placed = session.place(x);
    expect(placed.dims).toEqual(x.dims);
    for (let i = 0; i < 2; i++) {
      expect(compare((await session.run({ x: placed, t })).eps, eps, 1e-5)).toBe(undefined);
    }
    expect((await placed.read()).data).toEqual(x.data);
    placed.dispose();
    await expect(session.run({ x: placed, t })).rejects.toThrow(/disposed/);
    await expect(placed.read()).rejects.toThrow(/disposed/);
  },
  async "keeps held tensors usable after concurrent and failed runs that take them"(open) {
    await using session = await open("denoise");
    const x = varied([3, 3, 4, 4]);
    const [few, t] = [tensor([2]), tensor([3], Float32Array.of(1, 2, 3))];
    const wanted = await session.run({ x, t });
    const placed = session.place(varied(x.dims));
    const held = (await session.hold({ x, t })).eps;
    const next = await session.run({ x: wanted.eps, t });
    for (let i = 0; i < 2; i++) {
      await expect(session.run({ x: placed, t: few })).rejects.toThrow(/^Cannot run the graph/);
      await expect(session.run({ x: held, t: few })).rejects.toThrow(/^Cannot run the graph/);
      // Concurrent calls wait for one another.
      const runs = [placed, held, placed, held].map((x) => session.run({ x, t }));
      const reads = [placed.read(), i === 0 ? undefined : held.read()];
      const outputs = (await Promise.all(runs)).map(({ eps }) => eps);
      for (const [j, { eps }] of [wanted, next, wanted, next].entries()) {
        expect(compare(outputs[j], eps, 1e-5)).toBe(undefined);
      }
      expect((await reads[0])!.data).toEqual(x.data);
      if (reads[1]) expect(compare(await reads[1], wanted.eps, 1e-5)).toBe(undefined);
    }
    disposeAll([placed, held]);
  },
  async "recovers what an aborted call was given, or says that it is gone"(open, side) {
    await using session = await open("denoise");
    const t = tensor([1], Float32Array.of(3));
    const large = Math.max(64, 2 * side);
    const x = varied([1, 3, large, large]);
    const { eps } = await session.run({ x, t });
    const held = (await session.hold({ x, t })).eps;
    const placed = session.place(varied(x.dims));
    for (const value of [held, placed]) {
      const controller = new AbortController();
      const run = session.run({ x: value, t }, { signal: controller.signal }).catch((why) => why);
      await pause(0);
      controller.abort("enough");
      expect(await run).toBe("enough");
    }
    expect(compare(await held.read(), eps, 1e-5)).toBe(undefined);
    const again = await session.run({ x: placed, t }).catch((error) => error);
    if (again instanceof Error) expect(again).toBeInstanceOf(GoneError);
    else expect(compare(again.eps, eps, 1e-5)).toBe(undefined);
    disposeAll([placed, held]);
  },
  async "holds outputs even after what computed them has ended"(open, side) {
    await using session = await open("denoise");
    const t = tensor([1], Float32Array.of(3));
    const x = varied([1, 3, 5, 4]);
    const { eps } = await session.run({ x, t });
    const wanted = await session.run({ x: eps, t });
    const held = (await session.hold({ x, t })).eps;
    const large = Math.max(64, 2 * side);
    /** Ends the worker in the middle of a call. */
    const cancel = async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const run = session.run({ x: tensor([1, 3, large, large]), t }, { signal }).catch((why) =>
        why
      );
      await pause(0);
      controller.abort("enough");
      expect(await run).toBe("enough");
    };
    await cancel();
    expect(compare((await session.run({ x: held, t })).eps, wanted.eps, 1e-5)).toBe(undefined);
    await cancel();
    expect(compare(await held.read(), eps, 1e-5)).toBe(undefined);
    held.dispose();
  },
  async "sums tensors wherever they are held, and takes the sum like a tensor"(open) {
    await using session = await open("denoise");
    const t = tensor([1], Float32Array.of(3));
    const x = varied([1, 3, 5, 4]);
    const { eps } = await session.run({ x, t });
    const wanted = sumOf([[0.5, eps], [-2, x], [0.25, x]], { limit: 0.7 });
    const [held, placed] = [(await session.hold({ x, t })).eps, session.place(x)];
    const sum = await session.sum([[0.5, held], [-2, placed], [0.25, x]], { limit: 0.7 });
    expect(compare(await valuesOf(sum), wanted, 1e-5)).toBe(undefined);
    const again = (await session.run({ x: sum, t })).eps;
    expect(compare(again, (await session.run({ x: wanted, t })).eps, 1e-5)).toBe(undefined);
    const spent = await session.sum([[3, held]], { spent: held });
    expect(compare(await valuesOf(spent), sumOf([[3, eps]]), 1e-5)).toBe(undefined);
    await expect(held.read()).rejects.toThrow(/disposed/);
    expect((await placed.read()).data).toEqual(varied(x.dims).data);
    disposeAll([sum, spent, placed]);
  },
  async "refuses to run once it is disposed"(open) {
    const session = await open("scale");
    await session[Symbol.asyncDispose]();
    await session[Symbol.asyncDispose]();
    await expect(session.run({ picture: tensor([1, 3, 4, 4]) })).rejects.toThrow(/closed/);
  },
};

/** A tensor of values that differ from one another. */
function varied(dims: readonly number[]): Tensor {
  const one = tensor(dims);
  one.data.forEach((_, i) => one.data[i] = Math.sin(7 * i));
  return one;
}

/** An input on which the graph `loop` takes only a moment. */
const light = { x: tensor([1, 16, 4, 4]) };

async function recorded(): Promise<Record<"picture" | "out", Tensor>> {
  const tensors = readTensors(await readFixture("scale.safetensors"));
  return { picture: tensors["scale/in/picture"], out: tensors["scale/out/out"] };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
