/** What Deno on Linux must know of GPUs before it asks for an adapter; not part of a page's bundle. @module */

/**
 * A reason not to ask for an adapter, or undefined.
 *
 * @param forced Whether a software adapter is acceptable, too.
 */
export async function whyNotAsk(forced: boolean): Promise<string | undefined> {
  if (!forced && mustBeSoftware()) {
    return "no GPU adapter but one of software can be here, since /dev has no GPU: " +
      "name webgpu as the provider to use it";
  }
  const loud = await quietVulkan();
  return forced ? undefined : loud;
}

/**
 * Whether no adapter can be a real one. The search for one takes time, and loads the compiler of Mesa's software adapter,
 * 60 MB that stay in memory.
 */
function mustBeSoftware(): boolean {
  try {
    return !hasGpu(namesIn("/dev")) && !hasGpu(namesIn("/dev/dri"));
  } catch {
    return false; // it may not be read
  }
}

/** Names in a folder, none if there is no such folder; never asks the user for a permission. */
function namesIn(path: string): string[] {
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") throw new Error();
  try {
    return Array.from(Deno.readDirSync(path), ({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * Whether a GPU is among the names of Linux's devices: a render node of the kernel's own drivers, NVIDIA's driver and that of its
 * boards, Windows' below WSL, or those of Mali, Adreno and PowerVR.
 */
export function hasGpu(devices: readonly string[]): boolean {
  return devices.some((name) => /^(renderD\d|nvidia|nvhost|nvgpu|dxg$|mali|kgsl|pvr)/.test(name));
}

/**
 * Without this variable Mesa's Vulkan prints two lines on stderr for each adapter, so it is given one.
 *
 * @returns Why it could not be given, if that is so.
 */
async function quietVulkan(): Promise<string | undefined> {
  const name = "XDG_RUNTIME_DIR";
  const { state } = await Deno.permissions.query({ name: "env", variable: name });
  if (state !== "granted") return `Deno may not read ${name}: allow it with --allow-env=${name}`;
  if (!Deno.env.get(name)) Deno.env.set(name, "/tmp");
}
