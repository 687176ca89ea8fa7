import { type OpenOptions, openSession } from "../../lib/runtime/providers.ts";
import { readFixture, testSession } from "../contracts/session.ts";

function opener(options: OpenOptions) {
  return async (name: string) =>
    await openSession({ name, bytes: await readFixture(`${name}.onnx`) }, options);
}

testSession("native", opener({ provider: "native", threads: 1 }));
testSession("native, 2 threads", opener({ provider: "native", threads: 2 }));
testSession("wasm", opener({ provider: "wasm", threads: 1 }));
testSession("wasm, 2 threads", opener({ provider: "wasm", threads: 2 }));

if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
const adapter = await navigator.gpu?.requestAdapter();
testSession("webgpu", opener({ provider: "webgpu" }), { ignore: !adapter, side: 8 });
