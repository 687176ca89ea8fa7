/** How ONNX Runtime compares with PyTorch, which the networks were written in. @module */

import { runTrainingModule } from "../training.ts";
import { seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";

/** What a graph of an imported SRDiff must reach; the others must not be slower. */
const SRDIFF = 1.2;

/** A line of `srzoo_train.eager`, in seconds. */
interface Row {
  readonly model: string;
  readonly graph: string;
  readonly eager: number;
  readonly onnx: number;
}

/** PyTorch's time against that of the exported graphs, on the CPU. */
export const eager: Study = {
  name: "eager",
  about:
    "time of networks in PyTorch (eager, fp32) against that of their graphs, for 256x256 pixels",
  async *measure(): AsyncGenerator<Goal> {
    const threads = `${navigator.hardwareConcurrency}`;
    const what = "compare with PyTorch";
    const lines = await runTrainingModule("srzoo_train.eager", ["--threads", threads], what);
    for (const line of lines.trim().split("\n")) {
      const { model, graph, eager, onnx } = JSON.parse(line) as Row;
      yield {
        what: `${model}, ${graph}: PyTorch : graph`,
        value: eager / onnx,
        goal: { least: model.startsWith("SRDiff") && graph === "denoiser" ? SRDIFF : 1 },
        note: `${seconds(1000 * eager)}, ${seconds(1000 * onnx)}`,
      };
    }
  },
};
