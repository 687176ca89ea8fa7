/** The library's worker for a page, which reports how many GPU buffers it has, for {@linkcode ./webgpu_test.ts}. @module */

import { countBuffers } from "../_gpu_buffers.ts";

const buffers = countBuffers();
const channel = new BroadcastChannel("buffers");
channel.onmessage = ({ data }) => data === "count" && channel.postMessage(buffers.alive());

await import("../../lib/web_worker.ts");
