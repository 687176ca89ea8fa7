import { expect } from "expect";
import { existsSync } from "node:fs";
import { openObserver, wholeFigures } from "../../bench/features.ts";
import { openMetricGraphs } from "../../bench/graphs.ts";
import type { BenchRecord, SetRecord } from "../../bench/record.ts";
import { floatValue, node, onnxModel } from "../../lib/onnx/model.ts";
import { textured, withFolder } from "./_pictures.ts";

const shared = new URL("../../../shared/lpips", import.meta.url).pathname;

/** A graph with the inputs of LPIPS that computes the mean absolute difference instead. */
function otherGraph(): Uint8Array {
  const picture = ["n", 3, "h", "w"];
  return onnxModel({
    nodes: [
      node({ op: "Sub", inputs: ["ref", "dist"], outputs: ["d"] }),
      node({ op: "Abs", inputs: ["d"], outputs: ["a"] }),
      node({ op: "ReduceMean", inputs: ["a"], outputs: ["score"] }, {
        axes: [1, 2, 3],
        keepdims: 0,
      }),
    ],
    inputs: [floatValue("ref", picture), floatValue("dist", picture)],
    outputs: [floatValue("score", ["n"])],
  });
}

Deno.test("openMetricGraphs() does not use a graph whose scores are not those of LPIPS, and says so", () =>
  withFolder(async (folder) => {
    const file = `${folder}/mine.onnx`;
    await Deno.writeFile(file, otherGraph());
    await using graphs = await openMetricGraphs(file, 1);
    expect(graphs.notes[0]).toMatch(/LPIPS with AlexNet: .*mine.onnx is not used, since it scores/);
  }));

Deno.test({
  name:
    "openMetricGraphs() finds both graphs in a folder, and either one by its file (needs ../shared)",
  ignore: !existsSync(shared),
  async fn() {
    for (const given of [shared, `${shared}/lpips_sq.onnx`]) {
      await using graphs = await openMetricGraphs(given, 1);
      expect(Object.keys(graphs.metricGraphs)).toEqual(["lpips", "lpipsSqueeze"]);
      expect(graphs.notes).toEqual([]);
    }
  },
});

Deno.test("openMetricGraphs() refuses a path that does not exist", async () => {
  await expect(openMetricGraphs("/nowhere.onnx")).rejects.toThrow("there is no file or folder");
});

/** The mean colour as features, and its softmax as probabilities. */
function colorGraph(): Uint8Array {
  return onnxModel({
    nodes: [
      node({ op: "GlobalAveragePool", inputs: ["image"], outputs: ["p"] }),
      node({ op: "Flatten", inputs: ["p"], outputs: ["features"] }),
      node({ op: "Softmax", inputs: ["features"], outputs: ["probabilities"] }),
    ],
    inputs: [floatValue("image", ["n", 3, "h", "w"])],
    outputs: [floatValue("features", ["n", 3]), floatValue("probabilities", ["n", 3])],
  });
}

Deno.test("wholeFigures() computes FID 0 for the truth and more for shifted colours, from stored features", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/color.onnx`, colorGraph());
    const set = { key: "sx4" } as SetRecord;
    const images = ["a", "b", "c", "d"];
    {
      await using observer = await openObserver(`${folder}/color.onnx`, folder);
      for (const [i, image] of images.entries()) {
        await Deno.mkdir(`${folder}/sx4/${image}`, { recursive: true });
        const truth = textured(40, 33, i);
        const shifted = { ...truth, data: truth.data.map((v, at) => at % 4 === 0 ? v * 0.5 : v) };
        const pair = { name: image, low: truth, truth };
        expect(await observer.observed(set, image, "same")).toBe(false);
        await observer.observe(set, pair, "same", truth);
        await observer.observe(set, pair, "shifted", shifted);
        expect(await observer.observed(set, image, "same")).toBe(true);
      }
    }
    const record = {
      sets: [set],
      methods: [{ name: "same" }, { name: "shifted" }, { name: "absent" }],
      rows: images.map((image) => ({ set: "sx4", image })),
    } as BenchRecord;
    const found = await wholeFigures(record, folder);
    expect(found.map(({ method }) => method)).toEqual(["same", "shifted"]);
    expect(found[0].figures.FID).toBeCloseTo(0, 6);
    expect(found[1].figures.FID).toBeGreaterThan(0.1);
    expect(found[0].figures.IS).toBeGreaterThanOrEqual(1);
  }));
