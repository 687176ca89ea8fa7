/** Whether there is a GPU, and whether it is a real one. @module */

import { serverModule, system } from "../platform.ts";

/**
 * A reason not to try WebGPU, or undefined.
 *
 * @param forced Whether a software adapter is acceptable, too.
 */
export async function whyNoGpu(forced: boolean): Promise<string | undefined> {
  if ("Deno" in globalThis && system === "linux") {
    const { whyNotAsk }: typeof import("./linux_gpu.ts") = await import(
      /* webpackIgnore: true */ serverModule("linux_gpu", import.meta.url)
    );
    const reason = await whyNotAsk(forced);
    if (reason) return reason;
  }
  if (!navigator.gpu) return "navigator.gpu is missing";
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) return "no GPU adapter was found";
  if (forced || !isSoftware(adapter.info)) return undefined;
  const name = adapter.info.description || adapter.info.vendor || "the adapter";
  return `${name} is a software adapter, slower than the CPU: name webgpu as the provider to use it`;
}

/** A reason not to compute in fp16 on the GPU, or undefined. */
export async function whyNoHalf(): Promise<string | undefined> {
  const adapter = await navigator.gpu.requestAdapter();
  return adapter?.features.has("shader-f16") ? undefined : "the GPU adapter has no shader-f16";
}

/** Software adapters call themselves fallbacks, or are known by name. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /llvmpipe|swiftshader/i.test(info.description);
}
