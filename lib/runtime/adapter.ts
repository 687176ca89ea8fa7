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
  return `${name} is a software adapter, slower than the CPU itself: it is used only if webgpu is named as the provider`;
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
