/** Whether a GPU is there, and whether it is a real one. @module */

/** A reason why WebGPU should not be tried, or undefined where it should. */
export async function whyNoGpu(forced: boolean): Promise<string | undefined> {
  if (!navigator.gpu) return "navigator.gpu is missing here";
  await quietVulkan();
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) return "no GPU adapter was found";
  if (forced || !isSoftware(adapter.info)) return undefined;
  const name = adapter.info.description || adapter.info.vendor || "the adapter";
  return `${name} is a software adapter, slower than the CPU itself; force webgpu to use it`;
}

/** Software adapters call themselves fallbacks, or are known by name. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || /llvmpipe|swiftshader/i.test(info.description);
}

/** Without this variable Mesa's Vulkan prints two lines on stderr for each adapter. */
async function quietVulkan(): Promise<void> {
  const name = "XDG_RUNTIME_DIR";
  const env = globalThis.Deno?.env;
  if (!env) return;
  const { state } = await Deno.permissions.query({ name: "env", variable: name });
  if (state === "granted" && !env.get(name)) env.set(name, "/tmp");
}
