/** The worker of the providers that a browser has. @module */

import { loadWasm, loadWebgpu } from "./ort_web.ts";
import { serveGraphs } from "./worker.ts";

serveGraphs({ wasm: loadWasm, webgpu: loadWebgpu });
