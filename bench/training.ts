/** Runs the modules of `train/` that the bench needs. @module */

const environment = new URL("../train/environment.ts", import.meta.url).pathname;

/**
 * Runs a module of `train/` in its Python environment.
 *
 * @param what What cannot be done if it fails, such as "measure Real-ESRGAN".
 * @returns What it printed.
 * @throws {Error} If it fails, with the last line that it printed.
 */
export async function runTrainingModule(
  module: string,
  args: readonly string[],
  what: string,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", environment, module, ...args],
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (success) return text(stdout);
  const reason = text(stderr).trim().split("\n").at(-1);
  throw new Error(`Cannot ${what}: ${reason}`);
}
