import { expect } from "expect";
import { openSession } from "../../lib/runtime/providers.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { plainMethod } from "../../bench/methods/method.ts";
import { readSettings } from "../../bench/settings.ts";
import { speedJobs } from "../../bench/speed/jobs.ts";
import { chainGraph, measureChain } from "../../bench/speed/chain.ts";
import { counting, withShapes } from "../../bench/speed/flops.ts";
import { floatConstant, floatValue, node, nodesOf, onnxModel } from "../../lib/onnx/model.ts";
import { measureSpeed } from "../../bench/speed/speed.ts";
import { speedTable } from "../../bench/speed/table.ts";

Deno.test("nodesOf() reads what node() wrote", () => {
  const nodes = nodesOf(chainGraph());
  expect(nodes.length).toBe(10);
  expect(nodes[9]).toMatchObject({ op: "Conv", inputs: ["x9", "kernel"], outputs: ["y"] });
});

Deno.test("measureChain() runs the chain", async () => {
  expect(await measureChain("native", 1)).toBeGreaterThan(0);
});

Deno.test("counting() adds up the operations of convolutions, transposed convolutions and matrix products", async () => {
  const zeros = (name: string, dims: number[]) =>
    floatConstant(name, dims, new Float32Array(dims.reduce((a, b) => a * b)));
  const model = onnxModel({
    nodes: [
      node({ op: "Conv", inputs: ["x", "k"], outputs: ["c"] }, { strides: [2, 2], group: 2 }),
      node({ op: "ConvTranspose", inputs: ["c", "u"], outputs: ["t"] }, { strides: [2, 2] }),
      node({ op: "Gemm", inputs: ["v", "g"], outputs: ["gemm"] }, { transB: 1 }),
      node({ op: "MatMul", inputs: ["v", "m"], outputs: ["product"] }),
    ],
    constants: [
      zeros("k", [6, 2, 3, 3]),
      zeros("u", [6, 5, 2, 2]),
      zeros("g", [7, 8]),
      zeros("m", [8, 9]),
    ],
    inputs: [floatValue("x", [1, 4, "h", "w"]), floatValue("v", [3, 8])],
    outputs: ["t", "gemm", "product"].map((name) => floatValue(name)),
  });
  const bytes = withShapes(model);
  let total = 0;
  await using session = counting(
    model,
    await openSession({ name: "count", bytes }, { provider: "native", threads: 1 }),
    (operations) => total += operations,
  );
  const outputs = await session.run({ x: tensor([1, 4, 9, 11]), v: tensor([3, 8]) });
  expect(Object.keys(outputs).sort()).toEqual(["gemm", "product", "t"]);
  const conv = 6 * 4 * 5 * (2 * 9), up = 6 * 4 * 5 * (5 * 4), gemm = 3 * 7 * 8, product = 3 * 9 * 8;
  expect(total).toBe(2 * (conv + up + gemm + product));
});

Deno.test("speedTable() computes its ratios from the row", () => {
  const { head, rows, notes } = speedTable([{
    method: "m",
    provider: "native",
    precision: "fp32",
    threads: 2,
    width: 100,
    height: 100,
    scale: 4,
    load: 500,
    first: 400,
    steady: 200,
    runs: 3,
    nfe: 4,
    gflop: 30,
    chain: 300,
    unit: 600,
    peak: 128,
    methodDigest: "d",
    machine: "a machine",
  }]);
  const cell = (title: string) => rows[0][head.indexOf(title)];
  expect(cell("x unit")).toBe("12.00");
  expect(cell("GFLOP/s : chain")).toBe("0.50");
  expect(cell("first : steady")).toBe("2.0");
  expect(cell("s/Mpx *")).toBe("1.25");
  expect(notes.at(-1)).toContain("a machine");
});

Deno.test("speedJobs() times methods that differ only in their temperature once", () => {
  const specs = ["a+temperature=0", "a+temperature=1", "a+steps=2+temperature=1", "b"];
  const methods = specs.map((spec) =>
    plainMethod({
      name: spec,
      scale: 4,
      generative: true,
      digest: spec,
      facts: { kind: "entry", spec },
      enlarge: () => Promise.reject(new Error("not run")),
    })
  );
  const settings = readSettings(["--speed-sizes", "128", "--speed-providers", "native"]);
  const timed = speedJobs(methods, settings).map(({ key }) => key.method);
  expect(timed).toEqual([specs[0], specs[2], specs[3]]);
});

Deno.test("measureSpeed() times an entry in its own process and counts the operations of each step", async () => {
  const entry = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
  const request = {
    method: "tiny",
    width: 16,
    height: 12,
    provider: "native",
    threads: 1,
  } as const;
  const signal = new AbortController().signal;
  const [two, four] = [
    await measureSpeed({ ...request, spec: `${entry}+steps=2` }, signal),
    await measureSpeed({ ...request, spec: `${entry}+steps=4` }, signal),
  ];
  expect([two.nfe, four.nfe, two.provider, two.threads]).toEqual([2, 4, "native", 1]);
  const encoder = 2 * two.gflop! - four.gflop!;
  expect(encoder).toBeGreaterThan(0);
  expect(encoder).toBeLessThan(two.gflop!);
  expect(two.peak).toBeGreaterThan(20);
  expect(two.runs).toBeGreaterThan(0);
});

Deno.test("measureSpeed() times a baseline without any network", async () => {
  const request = { method: "bicubic", width: 16, height: 12, scale: 4 };
  const row = await measureSpeed(request, new AbortController().signal);
  expect([row.provider, row.scale, row.nfe, row.gflop]).toEqual(["TypeScript", 4, 0, undefined]);
  expect(row.steady).toBeGreaterThan(0);
});

Deno.test("measureSpeed() says in one line why it failed", async () => {
  const request = { method: "none", width: 8, height: 8, provider: "native" } as const;
  const failing = measureSpeed({ ...request, spec: "nosuchmodel" }, new AbortController().signal);
  await expect(failing).rejects.toThrow(
    /^Cannot time none at 8x8 on native: Cannot find the model "nosuchmodel".*$/,
  );
});
