/** The worker of Deno, Node and Bun, apart so that a page's bundle does not hold native code. @module */

import { loadWasmOnServer } from "./ort_deno.ts";
import { loadNative } from "./ort_node.ts";
import { loadWebgpu } from "./ort_web.ts";
import { serveGraphs } from "./worker.ts";

serveGraphs({ native: loadNative, wasm: loadWasmOnServer, webgpu: loadWebgpu });
