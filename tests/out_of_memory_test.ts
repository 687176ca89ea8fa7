import { expect } from "expect";
import { drain } from "../lib/upscaler.ts";
import { enlarge } from "../lib/enlarge.ts";
import { familyOf } from "../lib/models/mod.ts";
import { floatConstant, floatValue, node, onnxModel } from "../lib/onnx/model.ts";
import { planUpscale } from "../lib/plan.ts";
import { openSession } from "../lib/runtime/providers.ts";
import type { Session } from "../lib/runtime/session.ts";
import type { ModelCard } from "../lib/zoo/card.ts";
import { toImage } from "../lib/image/pixels.ts";
import { testPicture } from "./contracts/family.ts";

/** Pixels of a tile above which the graph asks for more memory than a process can address. */
const LIMIT = 1024;

const card: ModelCard = {
  id: "greedy",
  name: "greedy",
  description: "pixels as squares; asks for endless memory for large tiles",
  family: "regression",
  scale: 4,
  version: "1.0.0",
  licence: { weights: "CC0-1.0", data: [] },
  graphs: {},
  tiling: { size: 96, overlap: 4, multiple: 2, blended: false, minimum: 2 },
};

/** Makes each pixel a square of 4 x 4, and adds the largest of 1 + floor(pixels / LIMIT) * 2^46 zeros. */
function greedyGraph(): Uint8Array {
  const one = (name: string, value: number) => floatConstant(name, [1], Float32Array.of(value));
  const squares = new Float32Array(3 * 3 * 16);
  for (let c = 0; c < 3; c++) squares.fill(1, 16 * (3 * c + c), 16 * (3 * c + c + 1));
  const step = (op: string, inputs: string[], output: string, attributes = {}) =>
    node({ op, inputs, outputs: [output] }, attributes);
  return onnxModel({
    nodes: [
      step("Shape", ["lr"], "shape"),
      step("Cast", ["shape"], "sizes", { to: 1 }),
      step("ReduceProd", ["sizes"], "values", { keepdims: 1 }),
      step("Div", ["values", "limit"], "share"),
      step("Floor", ["share"], "times"),
      step("Mul", ["times", "vast"], "more"),
      step("Add", ["more", "one"], "many"),
      step("Cast", ["many"], "count", { to: 7 }),
      step("Expand", ["zero", "count"], "zeros"),
      step("ReduceMax", ["zeros"], "nothing", { keepdims: 1 }),
      step("ConvTranspose", ["lr", "squares"], "large", { strides: [4, 4] }),
      step("Add", ["large", "nothing"], "sr"),
    ],
    constants: [
      floatConstant("squares", [3, 3, 4, 4], squares),
      one("limit", 3 * LIMIT),
      one("vast", 2 ** 46),
      one("one", 1),
      one("zero", 0),
    ],
    inputs: [floatValue("lr", [1, 3, "h", "w"])],
    outputs: [floatValue("sr", [1, 3, "H", "W"])],
  });
}

Deno.test("enlarge() halves the tile if ONNX Runtime has no memory for it, and gives the same image", async () => {
  await using session = await openSession({ name: "network", bytes: greedyGraph() }, {
    provider: "native",
    threads: 1,
  });
  const sides: number[] = [], failures: string[] = [];
  const watched: Session = {
    ...session,
    provider: session.provider,
    async run(inputs, options) {
      sides.push(Math.max(...inputs.lr.dims.slice(2)));
      return await session.run(inputs, options).catch((error) => {
        failures.push(error.message);
        throw error;
      });
    },
  };
  const source = toImage(testPicture(70, 90));
  const engine = { card, model: familyOf(card.family)(card, { network: watched }) };
  const large = async (options: Parameters<typeof planUpscale>[3]) =>
    (await drain(enlarge(engine, source, planUpscale(card, engine.model, source, options))))[0];

  const small = await large({ tile: 24 });
  expect(failures).toEqual([]);
  sides.length = 0;
  const halved = await large({ tile: 96 });
  expect(failures.length).toBeGreaterThan(0);
  expect(failures[0]).toMatch(/alloc/);
  expect(sides[0]).toBeGreaterThan(32);
  expect(Math.max(...sides.slice(failures.length))).toBeLessThanOrEqual(32);
  expect(halved).toEqual(small);
});
