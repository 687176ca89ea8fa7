/**
 * The worker of a page: WebAssembly and WebGPU, and the codecs of images.
 *
 * A bundler that follows `new URL("./web_worker.ts", import.meta.url)` finds it by itself; otherwise it
 * is bundled separately, and its address is given to `load()`, `readImage()` and `encodeImage()` as `worker`.
 *
 * @module
 */

import { browserCodec } from "./image/files/codecs/browser.ts";
import { codecDesk } from "./image/files/codecs/desk.ts";
import { loadWasm } from "./runtime/ort_web.ts";
import { loadWebgpu } from "./runtime/ort_webgpu.ts";
import type { Codec } from "./image/files/codecs/codec.ts";
import { graphDesk } from "./runtime/worker.ts";
import { serve } from "./thread.ts";

// ONNX Runtime starts its threads from its own file, which is this one in a bundle.
if (self.name.startsWith("em-pthread")) void import("onnxruntime-web/wasm");
else serve({ ...graphDesk({ wasm: loadWasm, webgpu: loadWebgpu }), ...codecDesk(loadCodec) });

async function loadCodec(): Promise<Codec> {
  return browserCodec(await import("./image/files/codecs/webp.ts"));
}
