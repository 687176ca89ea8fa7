/** Whether there is a GPU, and whether it is a real one. @module */

/** A reason not to try WebGPU, or undefined. */
export async function whyNoGpu(forced: boolean): Promise<string | undefined> {
  if (!navigator.gpu) return "navigator.gpu is missing";
  const loud = await quietVulkan();
  if (loud && !forced) return loud;
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

/**
 * Without this variable Mesa's Vulkan prints two lines on stderr for each adapter, so it is given one.
 *
 * @returns Why it could not be given, if that is so.
 */
async function quietVulkan(): Promise<string | undefined> {
  const name = "XDG_RUNTIME_DIR";
  const env = globalThis.Deno?.env;
  if (!env || Deno.build.os !== "linux") return undefined;
  const { state } = await Deno.permissions.query({ name: "env", variable: name });
  if (state !== "granted") return `Deno may not read ${name}: allow it with --allow-env=${name}`;
  if (!env.get(name)) env.set(name, "/tmp");
}
