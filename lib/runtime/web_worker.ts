/**
 * The worker of a page: WebAssembly and WebGPU.
 *
 * A bundler that follows `new URL("./web_worker.ts", import.meta.url)` finds it by itself; otherwise it
 * is bundled for itself, and its address given to `load()` as `worker`.
 *
 * @module
 */

import { loadWasm, loadWebgpu } from "./ort_web.ts";
import { serveGraphs } from "./worker.ts";

// ONNX Runtime starts its threads from the file that holds it, which a bundle makes this one.
if (self.name.startsWith("em-pthread")) void import("onnxruntime-web/wasm");
else serveGraphs({ wasm: loadWasm, webgpu: loadWebgpu });
