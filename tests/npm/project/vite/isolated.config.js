// The two headers that let WebAssembly use threads.
import plain from "./vite.config.js";

export default {
  ...plain,
  server: {
    headers: {
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    },
  },
};
