/** The worker of Deno, Node and Bun; a separate file, so that a page's bundle contains no native code. @module */

import { codecDesk } from "./image/files/codecs/desk.ts";
import { loadWasmOnServer } from "./runtime/ort_deno.ts";
import { importNative, loadNative } from "./runtime/ort_node.ts";
import { loadWebgpu } from "./runtime/ort_webgpu.ts";
import { graphDesk } from "./runtime/worker.ts";
import { serve } from "./thread.ts";

serve({
  ...graphDesk(
    { native: loadNative, wasm: loadWasmOnServer, webgpu: loadWebgpu },
    { native: importNative },
  ),
  ...codecDesk(),
});
