/** The worker of native code, apart so that a page's bundle does not hold it. @module */

import { loadNative } from "./ort_node.ts";
import { serveGraphs } from "./worker.ts";

serveGraphs({ native: loadNative });
