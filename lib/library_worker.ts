/**
 * The worker of `load()` with `worker: true`: the whole library, in a page, Deno, Node or Bun. It starts workers for graphs
 * and codecs; a page may use this script for them, too.
 *
 * A bundler that follows `new URL("./library_worker.ts", import.meta.url)` finds it by itself; otherwise it is bundled
 * separately, and its address is given to `load()` as `worker: { library }`.
 *
 * @module
 */

import { browserCodec } from "./image/files/codecs/browser.ts";
import { codecDesk } from "./image/files/codecs/desk.ts";
import { libraryDesk } from "./remote/desk.ts";
import { loadWasm } from "./runtime/ort_web.ts";
import { loadWebgpu } from "./runtime/ort_webgpu.ts";
import { graphDesk } from "./runtime/worker.ts";
import { serve, thisThread } from "./thread.ts";

// ONNX Runtime starts its threads from its own file, which is this one in a bundle.
if ((globalThis as { name?: string }).name?.startsWith("em-pthread")) {
  void import("onnxruntime-web/wasm");
} else {
  const port = thisThread();
  const load = async () => browserCodec(await import("./image/files/codecs/webp.ts"));
  const graphs = graphDesk({ wasm: loadWasm, webgpu: loadWebgpu });
  serve({ ...graphs, ...codecDesk(load), ...libraryDesk(port.post) }, port);
}
