import { pathToFileURL } from "node:url";
import { expect } from "expect";
import { inPrecision, isFaster, trustedInt8 } from "../lib/precision.ts";
import { cropImage } from "../lib/image/crop.ts";
import { readImage } from "../lib/image/files/read.ts";
import { toImage } from "../lib/image/pixels.ts";
import { tensor } from "../lib/tensor/tensor.ts";
import type { Session } from "../lib/runtime/session.ts";
import { load } from "../lib/load.ts";
import type { ModelCard } from "../lib/zoo/card.ts";
import { fetchFixture, openZoo, readCard } from "../lib/zoo/mod.ts";
import { sessionOf, testPicture } from "./contracts/family.ts";
import { readFixture } from "./contracts/session.ts";

const zoo = await openZoo().list();
const entries = zoo.filter(({ int8 }) => int8);

/** The card of `regression` with another difference between int8 and its own precision. */
async function withDifference(psnrY: number, lpips: number): Promise<ModelCard> {
  const card = await openZoo().find("regression");
  const difference = { Set5x4: { images: 5, psnrY, lpips } };
  return { ...card, int8: { ...card.int8!, difference } };
}

Deno.test("load() in int8 gives nearly the same image as in the entry's own precision", async () => {
  const photo = await readImage(new URL("../docs/chelsea.png", import.meta.url));
  const source = cropImage(photo, { x: 0, y: 0, width: 56, height: 40 });
  for (const { id, generative } of [{ id: "regression" }, { id: "srdiff", generative: true }]) {
    const options = generative ? { seed: 3 } : {};
    const images = [];
    for (const precision of [undefined, "int8"] as const) {
      await using upscaler = await load(id, { provider: "native", threads: 1, precision });
      const result = await upscaler.upscale(source, options);
      expect(result.precision).toMatch(precision ?? "fp16");
      images.push(result.images[0].data);
    }
    const [own, int8] = images;
    const square = own.reduce((sum, v, i) => sum + (v - int8[i]) ** 2, 0) / own.length;
    expect(square).toBeGreaterThan(0); // it is another network
    expect(Math.sqrt(square)).toBeLessThan(4);
  }
});

Deno.test("load() in int8 runs on wasm too, and never on WebGPU", async () => {
  await using upscaler = await load("regression", {
    provider: "wasm",
    threads: 1,
    precision: "int8",
  });
  expect((await upscaler.upscale(toImage(testPicture(12, 9)))).precision).toBe("int8");
  const refused = load("regression", { provider: "webgpu", precision: "int8" });
  await expect(refused).rejects.toThrow(/its graphs are int8, which only a CPU runs well/);
});

Deno.test("load() refuses a precision that the entry does not have, and says what it has", async () => {
  await expect(load("regression", { precision: "fp32" }))
    .rejects.toThrow("Cannot open regression in fp32: its weights are fp16, int8");
  await expect(load("bicubic", { precision: "int8" })).rejects.toThrow("it has no network");
});

/** Copies the network and the fixture of a card into a folder, under another name. */
async function copied({ base, graphs, fixture }: ModelCard, folder: string, name: string) {
  const { file, sha256, bytes } = graphs.network;
  await Deno.copyFile(new URL(file, base), `${folder}/${name}.onnx`);
  await Deno.copyFile(new URL(fixture!.file, base), `${folder}/${name}.safetensors`);
  return {
    graphs: { network: { file: `${name}.onnx`, sha256, bytes } },
    fixture: { ...fixture!, file: `${name}.safetensors` },
  };
}

Deno.test("load() in auto takes the faster of the entry's precisions, and remembers it in this process", async () => {
  const small = await readCard(new URL("fixtures/zoo/regression-tiny/", import.meta.url));
  const large = await openZoo().find("regression"); // seven times as many parameters
  for (const [own, other, faster] of [[large, small, "int8"], [small, large, "own"]] as const) {
    const folder = await Deno.makeTempDir();
    const { graphs, fixture } = await copied(own, folder, "own");
    const card: ModelCard = {
      ...own,
      base: pathToFileURL(`${folder}/`).href,
      graphs: { network: { ...own.graphs.network, ...graphs.network } },
      fixture,
      int8: {
        ...await copied(other, folder, "int8"),
        difference: { Set5x4: { images: 5, psnrY: 0, lpips: 0 } },
      },
    };
    for (let i = 0; i < 2; i++) {
      await using upscaler = await load(card, {
        provider: "native",
        threads: 1,
        precision: "auto",
      });
      expect(upscaler.card.graphs.network.file).toBe(`${faster}.onnx`);
      // A second trial would need the slower graph.
      if (i === 0) await Deno.remove(`${folder}/${faster === "own" ? "int8" : "own"}.onnx`);
    }
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("load() in auto does not take int8 graphs that lose too much, or were never measured", async () => {
  for (const [psnrY, lpips] of [[-0.06, 0], [0, 0.0031]]) {
    const card = await withDifference(psnrY, lpips);
    expect(trustedInt8(card)).toBe(undefined);
    await using upscaler = await load(card, { provider: "native", threads: 1, precision: "auto" });
    expect(upscaler.card.graphs.network.precision).toBe("fp16");
  }
  const { int8, ...card } = await withDifference(0, 0);
  expect(trustedInt8({ ...card, int8: { graphs: int8!.graphs } })).toBe(undefined);
  expect(trustedInt8(await withDifference(-0.05, 0.003))).toBeDefined();
});

/** A session that takes this many milliseconds. */
function slow(milliseconds: number): Record<string, Session> {
  const scale = sessionOf(async () => {
    await new Promise((done) => setTimeout(done, milliseconds));
    return { y: tensor([1]) };
  });
  return { scale };
}

Deno.test("isFaster() finds the faster graphs", async () => {
  const fixture = await readFixture("scale.safetensors");
  expect(await isFaster(slow(5), slow(60), fixture)).toBe(true);
  expect(await isFaster(slow(60), slow(5), fixture)).toBe(false);
});

for (const { id, base } of entries) {
  Deno.test(`the int8 graphs of ${id} have measured differences, and reproduce their fixture`, async () => {
    const card = await readCard(base!);
    expect(Object.keys(card.int8!.difference ?? {}).length).toBeGreaterThan(0);
    expect(await fetchFixture(inPrecision(card, "int8"))).toBeDefined();
    await using upscaler = await load(card, {
      provider: "native",
      threads: 1,
      precision: "int8",
    });
    expect(upscaler.provider).toBe("native"); // opening checks the fixture
  });
}
