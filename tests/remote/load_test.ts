import { expect } from "expect";
import type { Image } from "../../lib/image/image.ts";
import { toImage } from "../../lib/image/pixels.ts";
import { ModelNotFoundError } from "../../lib/errors.ts";
import { load, loadGenerator } from "../../lib/load.ts";
import type { Progress } from "../../lib/plan.ts";
import { noise, type NoiseField } from "../../lib/tensor/noise.ts";
import type { Upscaler } from "../../lib/upscaler.ts";
import { interpolateSeeds } from "../../lib/abilities/interpolate.ts";
import { loadTiny } from "../_tiny.ts";
import { readTiny, testPicture } from "../contracts/family.ts";

const photo = (height: number, width: number): Image => toImage(testPicture(height, width));

/** Opens the same entry here and in a worker. */
async function both(id: string): Promise<{ here: Upscaler; there: Upscaler } & AsyncDisposable> {
  const [here, there] = [await loadTiny(id), await loadTiny(id, true)];
  const close = async () => {
    await here.close();
    await there.close();
  };
  return { here, there, [Symbol.asyncDispose]: close };
}

Deno.test("load() with worker: true opens the same upscaler", async () => {
  await using pair = await both("srdiff-tiny");
  const { here, there } = pair;
  const facts = ({ card, generative, accepts, provider, tried, encode }: Upscaler) => ({
    ...{ card, generative, accepts, provider, tried },
    encodes: encode !== undefined,
  });
  expect(facts(there)).toEqual(facts(here));
  const size = { width: 21, height: 13 };
  expect(there.plan(size, { seed: 5, steps: 3 })).toEqual(here.plan(size, { seed: 5, steps: 3 }));
});

Deno.test("upscale() in a worker gives the same result, bit for bit", async () => {
  await using pair = await both("srdiff-tiny");
  const { here, there } = pair;
  const source = { ...photo(20, 26), iccProfile: new Uint8Array([1, 2, 3]), notes: ["kept"] };
  const how = { seed: 5, samples: 2, consistency: true };
  const expected = await here.upscale(source, how);
  expect(await there.upscale(source, how)).toEqual(expected);
  expect(await there.upscale(source, there.plan(source, how))).toEqual(expected);
  expect(source.data.length).toBe(4 * 20 * 26);
});

Deno.test("stream() in a worker yields the same steps, and can be left early", async () => {
  await using pair = await both("srdiff-tiny");
  const source = photo(9, 7);
  const walked = await Promise.all([pair.here, pair.there].map(async (upscaler) => {
    const steps: unknown[] = [];
    const progress: Progress[] = [];
    const onProgress = (now: Progress) => progress.push(now);
    const walk = upscaler.stream(source, { seed: 1, steps: 3, onProgress });
    let next = await walk.next();
    for (; !next.done; next = await walk.next()) {
      const { image, state, ...rest } = next.value;
      steps.push({ ...rest, image: await image(), state: await state?.() });
    }
    return { steps, progress, result: next.value };
  }));
  expect(walked[0].steps.length).toBe(3);
  expect(walked[1]).toEqual(walked[0]);
  for await (const { step } of pair.there.stream(source)) {
    expect(step).toBe(1);
    break;
  }
  expect((await pair.there.upscale(source, { seed: 1, steps: 3 })).images)
    .toEqual(walked[0].result.images);
});

Deno.test("upscale() in a worker rejects with the reason of its signal, and does not disturb other runs", async () => {
  await using upscaler = await loadTiny("srdiff-tiny", true);
  const source = photo(30, 30);
  const expected = await upscaler.upscale(source, { seed: 3 });
  const reason = new RangeError("enough");
  const controller = new AbortController();
  const aborted = upscaler.upscale(source, {
    steps: 8,
    signal: controller.signal,
    onProgress: () => controller.abort(reason),
  });
  const other = upscaler.upscale(source, { seed: 3 });
  expect(await aborted.catch((error) => error)).toBe(reason);
  expect(await other).toEqual(expected);
  const late = upscaler.upscale(source, { signal: controller.signal });
  expect(await late.catch((error) => error)).toBe(reason);
});

Deno.test("upscale() in a worker calls functions on this thread, and rejects with what they throw", async () => {
  await using pair = await both("srdiff-tiny");
  const { here, there } = pair;
  const source = photo(8, 8);
  const field: NoiseField = (index, dims, { x, y }) => noise(index, dims, { x: x + 5, y: y + 2 });
  const how = { noise: field, seed: 4 };
  const expected = await here.upscale(source, how);
  expect(await there.upscale(source, how)).toEqual(expected);
  const between = { from: 1, to: 2, t: 0.5 };
  expect(await interpolateSeeds(there, source, between))
    .toEqual(await interpolateSeeds(here, source, between));
  const fault = new SyntaxError("no more");
  const fail = () => {
    throw fault;
  };
  for (const broken of [{ noise: fail }, { onProgress: fail }]) {
    expect(await there.upscale(source, broken).catch((error) => error)).toBe(fault);
  }
  expect(await there.upscale(source, how)).toEqual(expected);
});

/** What `work` throws, here and in a worker. */
async function thrown(work: (worker: boolean) => Promise<unknown>): Promise<unknown[]> {
  return await Promise.all([false, true].map(async (worker) => {
    const error = await work(worker).then(() => "nothing", (error) => error);
    return [error.constructor, error.name, error.message, { ...error }];
  }));
}

Deno.test("load() and upscale() in a worker reject with the same errors as on this thread", async () => {
  const cases: Record<string, (worker: boolean) => Promise<unknown>> = {
    "an unknown entry": (worker) => load("srdif", { worker }),
    "an unknown entry of a zoo in memory": (worker) =>
      load("srdif", { worker, zoo: { list: () => Promise.resolve([]), find, register: find } }),
    "a generator": async (worker) => await loadTiny("ddpm-free-tiny", worker),
    "a wrong option of load()": (worker) => load("srdiff", { worker, threads: -1 }),
  };
  function find(): Promise<never> {
    return Promise.reject(new ModelNotFoundError("srdif", ["srdiff"]));
  }
  for (const [name, work] of Object.entries(cases)) {
    const [here, there] = await thrown(work);
    expect([name, there]).toEqual([name, here]);
  }
  await using pair = await both("srdiff-tiny");
  const runs: Record<string, (upscaler: Upscaler) => Promise<unknown>> = {
    "an unknown option": (upscaler) => upscaler.upscale(photo(4, 4), { step: 1 } as object),
    "a number out of its range": (upscaler) => upscaler.upscale(photo(4, 4), { samples: 65 }),
    "a signal that is a number": (upscaler) =>
      upscaler.upscale(photo(4, 4), { signal: 3 as never }),
    "bytes that are not an image": (upscaler) => upscaler.upscale(new Uint8Array(9)),
    "a file that is missing": (upscaler) => upscaler.upscale("tests/fixtures/missing.png"),
    "a source that is a number": (upscaler) => upscaler.upscale(7 as never),
    "pixels that are missing": (upscaler) => upscaler.upscale({ ...photo(4, 4), width: 5 }),
    "a plan of another size": (upscaler) =>
      upscaler.upscale(photo(4, 4), upscaler.plan({ width: 5, height: 4 })),
    "a plan of another entry": (upscaler) => {
      const plan = { ...upscaler.plan({ width: 4, height: 4 }), model: "bicubic" };
      return upscaler.upscale(photo(4, 4), plan);
    },
  };
  for (const [name, run] of Object.entries(runs)) {
    const [here, there] = await thrown((worker) => run(worker ? pair.there : pair.here));
    expect([name, there]).toEqual([name, here]);
  }
});

Deno.test("close() ends the runs in a worker, and the worker", async () => {
  const upscaler = await loadTiny("srdiff-tiny", true);
  const running = upscaler.upscale(photo(40, 40), { steps: 8, samples: 8 });
  const told = running.then(() => "finished", () => "rejected");
  await Promise.all([upscaler.close(), upscaler.close()]);
  expect(await told).toBe("rejected");
  await expect(upscaler.upscale(photo(4, 4))).rejects.toThrow(/closed/);
});

Deno.test("encode() and generate() in a worker give the same results as on this thread", async () => {
  await using pair = await both("srflow-tiny");
  const [low, high] = [photo(8, 8), photo(32, 32)];
  expect(await pair.there.encode!(low, high)).toEqual(await pair.here.encode!(low, high));
  const { folder } = await readTiny("ddpm-free-tiny");
  const made = [];
  for (const worker of [false, true]) {
    const how = { provider: "native", threads: 1, worker } as const;
    await using generator = await loadGenerator(new URL("model.yml", folder), how);
    made.push(await generator.generate(generator.plan({ width: 16, height: 12, seed: 2 })));
  }
  expect(made[1]).toEqual(made[0]);
});

Deno.test("load() refuses a worker that is neither a flag nor a URL", async () => {
  for (const worker of [1, {}, { library: 2 }]) {
    await expect(load("bicubic", { worker: worker as never })).rejects.toThrow(
      /it must be true or false, a URL, or \{ library \} with a URL/,
    );
  }
  const missing = new URL("../fixtures/missing.ts", import.meta.url);
  await expect(load("bicubic", { worker: { library: missing } })).rejects.toThrow(/worker ended/);
});

Deno.test("a program that does not close an upscaler in a worker still ends", async () => {
  const code = `
    import { load } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
    const upscaler = await load("bicubic", { worker: true });
    const data = new Uint8ClampedArray(16).fill(255);
    const { images } = await upscaler.upscale({ width: 2, height: 2, data });
    console.log(images[0].width);
  `;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "-"],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(code));
  await writer.close();
  const { code: status, stdout } = await child.output();
  expect([status, new TextDecoder().decode(stdout)]).toEqual([0, "8\n"]);
});
