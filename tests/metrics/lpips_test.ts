import { expect } from "expect";
import { existsSync } from "node:fs";
import { readImage } from "../../lib/image/files/read.ts";
import { resizeImage } from "../../lib/image/resize.ts";
import { type Lpips, openLpips } from "../../lib/metrics/mod.ts";
import { floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { picture } from "./_pictures.ts";

const shared = new URL("../../../shared/", import.meta.url);
const ignore = !existsSync(new URL("lpips/lpips_alex.onnx", shared));
if (ignore) console.log("lpips_test: skipped, ../shared/lpips is absent");

async function open(file: string): Promise<Lpips> {
  const bytes = await Deno.readFile(new URL(`lpips/${file}`, shared));
  return await openLpips(bytes, { provider: "native", threads: 1 });
}

async function meanOfBicubic(lpips: Lpips, set: string): Promise<number> {
  const names = [...Deno.readDirSync(new URL(`data/eval/${set}/HR/`, shared))];
  let sum = 0;
  for (const { name } of names) {
    const truth = await readImage(new URL(`data/eval/${set}/HR/${name}`, shared));
    const low = await readImage(new URL(`data/eval/${set}/LRx4/${name}`, shared));
    sum += await lpips.distance(resizeImage(low, truth), truth);
  }
  return sum / names.length;
}

for (
  const [file, network, published] of [
    ["lpips_alex.onnx", "AlexNet", 0.3398],
    ["lpips_sq.onnx", "SqueezeNet", 0.2859],
  ] as const
) {
  Deno.test({
    name: `Lpips.distance() of bicubic x4 on Set5 is ${published} with ${network}`,
    ignore,
    async fn() {
      await using lpips = await open(file);
      expect(Math.abs(await meanOfBicubic(lpips, "Set5") - published)).toBeLessThan(0.002);
    },
  });
}

for (const file of ["lpips_alex.onnx", "lpips_sq.onnx"]) {
  Deno.test({
    name: `Lpips.distance() of identical images is 0 with ${file}, and grows with the error`,
    ignore,
    async fn() {
      await using lpips = await open(file);
      const flat = picture(64, 64, () => 100);
      const noisy = (by: number) => picture(64, 64, (c, x, y) => 100 + by * ((x + y + c) % 2));
      expect(await lpips.distance(flat, flat)).toBe(0);
      const near = await lpips.distance(noisy(10), flat);
      expect(near).toBeGreaterThan(0);
      expect(await lpips.distance(noisy(60), flat)).toBeGreaterThan(near);
    },
  });
}

Deno.test({
  name: "Lpips.distance() refuses different sizes and images under 32x32",
  ignore,
  async fn() {
    await using lpips = await open("lpips_sq.onnx");
    const small = picture(31, 64, () => 0);
    await expect(lpips.distance(small, small)).rejects.toThrow("it needs 32x32");
    await expect(lpips.distance(small, picture(64, 64, () => 0))).rejects.toThrow("sizes");
  },
});

/** Nodes that compute the norm of the features, which are the colours above ImageNet's mean. */
const NORMS: Record<string, (name: string) => Uint8Array[]> = {
  ReduceL2: (name) => [
    node({ op: "ReduceL2", inputs: [name], outputs: [`${name}.norm`] }, { axes: [1] }),
  ],
  Sqrt: (name) => [
    node({ op: "Mul", inputs: [name, name], outputs: [`${name}.squares`] }),
    node({ op: "ReduceMean", inputs: [`${name}.squares`], outputs: [`${name}.mean`] }, {
      axes: [1],
    }),
    node({ op: "Sqrt", inputs: [`${name}.mean`], outputs: [`${name}.norm`] }),
  ],
};

/** A graph like LPIPS with those features, divided by their norm without an epsilon; `last` changes the errors. */
function bareGraph(root: string, last: string): Uint8Array {
  const unit = (name: string) => [
    node({ op: "Relu", inputs: [name], outputs: [`${name}.relu`] }),
    ...NORMS[root](`${name}.relu`),
    node({ op: "Div", inputs: [`${name}.relu`, `${name}.relu.norm`], outputs: [`${name}.unit`] }),
  ];
  const picture = ["n", 3, "h", "w"];
  return onnxModel({
    nodes: [
      ...unit("ref"),
      ...unit("dist"),
      node({ op: "Sub", inputs: ["ref.unit", "dist.unit"], outputs: ["difference"] }),
      node({ op: "Mul", inputs: ["difference", "difference"], outputs: ["squares"] }),
      node({ op: last, inputs: ["squares"], outputs: ["errors"] }),
      node({ op: "ReduceMean", inputs: ["errors"], outputs: ["score"] }, {
        axes: [1, 2, 3],
        keepdims: 0,
      }),
    ],
    inputs: [floatValue("ref", picture), floatValue("dist", picture)],
    outputs: [floatValue("score", ["n"])],
  });
}

const black = picture(32, 32, () => 0), white = picture(32, 32, () => 255);

for (const [root, expected] of [["ReduceL2", 1 / 3], ["Sqrt", 1]] as const) {
  Deno.test(`Lpips.distance() keeps zero features zero if a graph divides by their ${root} without an epsilon`, async () => {
    await using lpips = await openLpips(bareGraph(root, "Identity"), { provider: "native" });
    expect(await lpips.distance(black, black)).toBe(0);
    expect(await lpips.distance(white, black)).toBeCloseTo(expected, 4);
    expect(await lpips.distance(white, white)).toBe(0);
  });
}

Deno.test("Lpips.distance() refuses a score that is NaN", async () => {
  await using lpips = await openLpips(bareGraph("ReduceL2", "Log"), { provider: "native" });
  await expect(lpips.distance(white, white)).rejects.toThrow(
    'its output "score" holds NaN or infinity',
  );
});
