const main = new URL("../../bench/main.ts", import.meta.url).pathname;

/** A file, and the text that it must contain before the process is interrupted. */
export interface StopAfter {
  file: string;
  text: string;
}

/** Runs the bench, which measures speed only if `args` contain `--no-quality`. */
export async function bench(args: string[], stopAfter?: StopAfter) {
  const half = args.includes("--no-quality") ? [] : ["--no-speed"];
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", main, ...half, ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (stopAfter) await interrupt(process, stopAfter);
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

async function interrupt(process: Deno.ChildProcess, { file, text }: StopAfter) {
  for (;;) {
    const found = await Deno.readTextFile(file).catch(() => "");
    if (found.includes(text)) return process.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
