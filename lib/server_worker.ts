/** The worker of Deno, Node and Bun; a separate file, so that a page's bundle contains no native code. @module */

import { codecDesk } from "./image/files/codecs/desk.ts";
import { loadWasmOnServer } from "./runtime/ort_deno.ts";
import { importNative, loadNative } from "./runtime/ort_node.ts";
import { loadWebgpu } from "./runtime/ort_webgpu.ts";
import { graphDesk } from "./runtime/worker.ts";
import { type OwnPort, serve, thisThread } from "./thread.ts";

const desk = {
  ...graphDesk(
    { native: loadNative, wasm: loadWasmOnServer, webgpu: loadWebgpu },
    { native: importNative },
  ),
  ...codecDesk(),
  /** From now on requests come through this port, from a thread that asked another one to start this one. */
  line({ port }: { port: MessagePort }): Promise<void> {
    serve(desk, portOf(port));
    return Promise.resolve();
  },
};

function portOf(line: MessagePort): OwnPort {
  return {
    post: (message, transfer = []) => line.postMessage(message, transfer),
    listen: (onMessage) => void (line.onmessage = ({ data }) => onMessage(data)),
    close: () => thisThread().close(),
  };
}

serve(desk);
