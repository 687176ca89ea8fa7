import { expect } from "expect";
import { floatConstant, floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { field } from "../../lib/onnx/protobuf.ts";
import { joined } from "../../lib/bytes.ts";
import { distrust } from "../../lib/onnx/trust.ts";

const inputs = [floatValue("lr", ["n", 3, "h", "w"])];
const outputs = [floatValue("sr")];

/** A model of one node, with fields added to it. */
function modelOf(op: string, extra: Uint8Array[] = [], constants: Uint8Array[] = []): Uint8Array {
  const names = ["lr", ...constants.length > 0 ? ["c"] : []];
  const one = joined([node({ op, inputs: names, outputs: ["sr"] }), ...extra]);
  return onnxModel({ nodes: [one], constants, inputs, outputs });
}

/** An int64 constant `c`. */
function integers(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
  return joined([field(1, values.length), field(2, 7), field(8, "c"), field(9, bytes)]);
}

/** A float32 constant `c`. */
const floats = (...values: number[]) =>
  floatConstant("c", [values.length], Float32Array.from(values));

/** A model of one operation; lists of numbers are constant inputs, names are other inputs. */
function sized(
  op: string,
  inputs: readonly (string | number[])[],
  attributes: Parameters<typeof node>[1] = {},
): Uint8Array {
  const names = inputs.map((input, i) => typeof input === "string" ? input : `c${i}`);
  const makers = inputs.map((input, i) =>
    typeof input === "string" ? undefined : constantNode(`c${i}`, input)
  );
  const nodes = [
    ...makers.filter((maker) => maker !== undefined),
    node({ op, inputs: names, outputs: ["sr"] }, attributes),
  ];
  return onnxModel({ nodes, inputs: [floatValue("lr")], outputs });
}

/** A node that makes an int64 constant. */
function constantNode(name: string, values: readonly number[]): Uint8Array {
  return node({ op: "Constant", inputs: [], outputs: [name] }, { value_ints: values });
}

/** An attribute that holds a graph, as `If` and `Loop` have. */
function inner(graph: Uint8Array): Uint8Array {
  return field(5, joined([field(1, "body"), field(6, graph), field(20, 5)]));
}

Deno.test("distrust() accepts the graphs of this package", async () => {
  const zoo = new URL("../../zoo/", import.meta.url);
  for (const file of ["srdiff/encoder.onnx", "srdiff/denoiser.onnx", "regression/network.onnx"]) {
    expect(distrust(await Deno.readFile(new URL(file, zoo)))).toBe(undefined);
  }
  expect(distrust(modelOf("Expand", [], [integers(1, 3, 64, 64)]))).toBe(undefined);
});

const external = joined([
  floatConstant("c", [4], new Float32Array(4)),
  field(13, joined([field(1, "location"), field(2, "/etc/passwd")])),
  field(14, 1),
]);
const nested = field(1, node({ op: "Loop", inputs: ["lr"], outputs: ["y"] }));
let deep: Uint8Array = new Uint8Array();
for (let i = 0; i < 12; i++) {
  deep = field(1, joined([node({ op: "If", inputs: ["lr"], outputs: ["y"] }), inner(deep)]));
}

/** A model in which a second node passes on the sizes. */
function passedOn(): Uint8Array {
  const nodes = [
    constantNode("a", [1, 1, 1e6, 1e6]),
    node({ op: "Identity", inputs: ["a"], outputs: ["b"] }),
    node({ op: "Tile", inputs: ["lr", "b"], outputs: ["sr"] }),
  ];
  return onnxModel({ nodes, inputs, outputs });
}

Deno.test("distrust() accepts ordinary sizes, and negative steps and paddings", () => {
  const ordinary = [
    sized("Pad", ["lr", [0, 0, 64, 64, 0, 0, 64, 64]]),
    sized("Pad", ["lr", [0, 0, -6, -6, 0, 0, -6, -6]]),
    sized("Range", [[1000], [0], [-1]]),
    sized("Range", [[0], "lr", [1]]),
    modelOf("Resize", [], [floats(1, 1, 4, 4)]),
    sized("Slice", ["lr", [0], [2 ** 53]]),
    sized("Conv", ["lr", "w"], { pads: [1, 1, 1, 1], strides: [2, 2] }),
  ];
  for (const model of ordinary) expect(distrust(model)).toBe(undefined);
});

const attacks: [string, Uint8Array, RegExp][] = [
  ["an endless loop", modelOf("Loop"), /operator Loop, which can run without end/],
  ["a loop behind another name", modelOf("Add", [field(4, "Loop")]), /operator Loop/],
  ["a loop inside a branch", modelOf("If", [inner(nested)]), /operator Loop/],
  [
    "an operator of an unknown domain",
    modelOf("Evil", [field(7, "evil.com")]),
    /of the domain evil\.com/,
  ],
  ["weights in another file", modelOf("Add", [], [external]), /weights in another file/],
  ["ten gigabytes", modelOf("Expand", [], [integers(2.6e9)]), /Expand makes 2600000000 values/],
  ["a terabyte of copies", modelOf("Tile", [], [integers(1, 1, 1e6, 1e6)]), /Tile makes/],
  ["copies by sizes in a node", sized("Tile", ["lr", [1, 1, 1e6, 1e6]]), /Tile makes/],
  ["copies by sizes that are passed on", passedOn(), /Tile makes 1000000000000 values/],
  [
    "a huge padding",
    sized("Pad", ["lr", [0, 0, 1e5, 0, 0, 0, 0, 1e5]]),
    /Pad makes 10000000000 values/,
  ],
  ["a huge padding of an old opset", sized("Pad", ["lr"], { pads: [0, 1e9, 0, 0] }), /Pad makes/],
  [
    "a huge padding of a convolution",
    sized("Conv", ["lr", "w"], { pads: [5e4, 5e4, 0, 0] }),
    /Conv/,
  ],
  ["a huge stride", sized("ConvTranspose", ["lr", "w"], { strides: [1e5, 1e5] }), /ConvTranspose/],
  ["a huge range", sized("Range", [[0], [1e10], [1]]), /Range makes 10000000000 values/],
  [
    "a huge descending range",
    sized("Range", [[0], [-1e10], [-1]]),
    /Range makes 10000000000 values/,
  ],
  ["an endless range", sized("Range", [[0], [1], [0]]), /Range makes Infinity values/],
  [
    "a huge size",
    sized("Resize", ["lr", "", "", [1, 3, 1e5, 1e5]]),
    /Resize makes 30000000000 values/,
  ],
  [
    "a huge scale",
    modelOf("Resize", [], [floats(1, 1, 2 ** 15, 2 ** 15)]),
    /Resize makes 1073741824/,
  ],
  ["a huge shape", sized("RandomNormal", [], { shape: [1e5, 1e5] }), /RandomNormal makes/],
  ["too many classes", sized("OneHot", ["lr", [1e9], [0, 1]]), /OneHot makes 1000000000 values/],
  ["deeply nested graphs", modelOf("If", [inner(deep)]), /nests graphs too deeply/],
  ["operators defined in the file", joined([modelOf("Add"), field(25, "f")]), /of its own/],
  ["a file that is not ONNX", new TextEncoder().encode("hello"), /./],
  ["an empty file", new Uint8Array(), /not an ONNX file with a graph/],
];

for (const [what, model, fault] of attacks) {
  Deno.test(`distrust() finds ${what}`, () => expect(distrust(model)).toMatch(fault));
}
