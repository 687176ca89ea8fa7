/** Runs programs with limits of time and memory. @module */

import { dirname } from "node:path";
import { peakOf } from "../memory.ts";
import { want } from "./case.ts";

/** The result of a program. */
export interface Ran {
  /** Its exit code. */
  code: number;
  /** Standard output and standard error. */
  text: string;
  /** Its peak memory in MB; 0 if the system does not report it. */
  megabytes: number;
  /** Seconds from its start to its end. */
  seconds: number;
}

/** Options of running a program. */
export interface RunOptions {
  /** Its working folder. */
  cwd?: string;
  /** Further variables of its environment. */
  env?: Record<string, string>;
  /** Seconds after which it is killed. @default {180} */
  seconds?: number;
  /** Megabytes of memory beyond which it is killed. @default {4000} */
  megabytes?: number;
  /** Seconds after which it gets SIGTERM; it gets none if absent. */
  stopAfter?: number;
}

/**
 * Runs a program to its end.
 *
 * @throws {Unwanted} If it hangs or takes too much memory.
 */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { cwd, env, seconds = 180, megabytes = 4000, stopAfter } = options;
  const start = performance.now();
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let peak = 0, why = "";
  const send = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has just ended by itself.
    }
  };
  const kill = (reason: string) => {
    why ||= reason;
    send("SIGKILL");
  };
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid) / 1e6);
    if (peak > megabytes) kill(`took more than ${megabytes} MB`);
  }, 50);
  const hang = setTimeout(() => kill(`had not ended after ${seconds} s`), 1000 * seconds);
  const stop = stopAfter && setTimeout(() => send("SIGTERM"), 1000 * stopAfter);
  const { code, stdout, stderr } = await child.output();
  clearInterval(watch);
  clearTimeout(hang);
  if (stop) clearTimeout(stop);
  want(why === "", `it ${why}`);
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  return { code, text, megabytes: peak, seconds: (performance.now() - start) / 1000 };
}

/** Runs a program of the checkout; `args` begin with its path there. */
export function deno(
  root: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Ran> {
  const [program, ...rest] = args;
  const command = [Deno.execPath(), "run", "-A", "--quiet", `${root}/${program}`, ...rest];
  return run(command, { cwd: root, ...options });
}

/** Runs a script of the cases, with the work folder in place of the fixed folder that scripts name. */
export async function script(
  path: string,
  { root, work }: { root: string; work: string },
  options: RunOptions = {},
): Promise<Ran> {
  const place = path.slice(0, path.lastIndexOf("/"));
  const text = (await Deno.readTextFile(path))
    .replaceAll("/tmp/srzoo-attack", work)
    // A busy machine takes longer than the one that they were written on.
    .replaceAll(/\btimeout (-k \d+ )?\d+/g, (_, kill = "") => `timeout ${kill}120`)
    .replaceAll('$(cd "$(dirname "$0")" && pwd)', place);
  const copy = `${work}/${path.split("/").at(-1)}`;
  await Deno.writeTextFile(copy, text);
  const interpreter = copy.endsWith(".py") ? "python3" : "bash";
  // npm's `deno` starts the real one, which goes on when a script kills what it has started.
  const PATH = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
  return await run([interpreter, copy], { cwd: root, env: { TMPDIR: work, PATH }, ...options });
}

/** The first error line, or else the last line, cut to 110 characters. */
export function lineOf({ text }: Ran): string {
  const lines = text.trim().split("\n");
  return (lines.find((line) => line.startsWith("error:")) ?? lines.at(-1)!).slice(0, 110);
}
