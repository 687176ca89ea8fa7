/** Kills and resumes runs of the command line, which must leave no partial files and end with the same bytes. @module */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { encodeImage } from "../../mod.ts";
import { namesIn } from "../folder.ts";

/** The result of killing runs of a folder. */
export interface Kills {
  /** Runs that were killed while they worked. */
  killed: number;
  /** Files whose content ever differed from that of an undisturbed run. */
  partial: number;
  /** Rounds whose final files differ from those of an undisturbed run. */
  unequal: number;
  /** Longest time to end after SIGTERM or SIGINT, in seconds. */
  slowest: number;
}

/** Options of {@linkcode soakKills}. */
export interface KillOptions {
  /** The checkout. */
  root: string;
  /** Folder of an entry. */
  model: string;
  /** An empty folder. */
  work: string;
  /** Number of kills. */
  count: number;
  /** Gives numbers from 0 to 1. */
  random: () => number;
  /** Called after each round with what was found so far. */
  onRound?: (found: Readonly<Kills>) => void;
}

const SIGNALS: readonly Deno.Signal[] = ["SIGKILL", "SIGTERM", "SIGINT"];
const INPUTS = 6;

/** Kills runs of a folder at random moments, lets `--skip-existing` resume them, and compares the files. */
export async function soakKills(options: KillOptions): Promise<Kills> {
  const { work, count, random } = options;
  await writeInputs(join(work, "in"));
  const start = performance.now();
  await finish(options, "right");
  let took = performance.now() - start;
  const right = await digests(join(work, "right"));
  const found: Kills = { killed: 0, partial: 0, unequal: 0, slowest: 0 };
  for (let round = 0; found.killed < count; round++) {
    const out = `out-${round}`;
    for (let tries = 0; tries < 3 && found.killed < count; tries++) {
      const signal = SIGNALS[Math.floor(random() * SIGNALS.length)];
      const begun = performance.now();
      const seconds = await killed(options, out, signal, took * (0.1 + 0.9 * random()));
      if (seconds === undefined) {
        took = performance.now() - begun; // the machine got faster, or less was left to do
        break;
      }
      found.killed++;
      if (signal !== "SIGKILL") found.slowest = Math.max(found.slowest, seconds);
      for (const [name, digest] of await digests(join(work, out))) {
        if (!isUnfinished(name) && right.get(name) !== digest) found.partial++;
      }
    }
    await finish(options, out);
    const left = [...await digests(join(work, out))].filter(([name]) => !isUnfinished(name));
    const isEqual = left.length === right.size &&
      left.every(([name, digest]) => right.get(name) === digest);
    if (!isEqual) found.unequal++;
    await Deno.remove(join(work, out), { recursive: true });
    options.onRound?.(found);
  }
  return found;
}

/** Whether it is a hidden file that a killed run may leave and a later run removes. */
function isUnfinished(name: string): boolean {
  return /^\.srzoo-.*\.part$/.test(name);
}

async function writeInputs(folder: string): Promise<void> {
  await Deno.mkdir(folder);
  for (let i = 0; i < INPUTS; i++) {
    const [width, height] = [60 + 9 * i, 50];
    const data = new Uint8ClampedArray(4 * width * height)
      .map((_, at) => at % 4 === 3 ? 255 : (at * (i + 3)) % 256);
    const bytes = await encodeImage({ width, height, data, channels: 3 }, { format: "png" });
    await Deno.writeFile(join(folder, `${i}.png`), bytes);
  }
}

function command({ root, model, work }: KillOptions, out: string): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", join(root, "cli/upscale.ts"), "--quiet"],
      ...["--model", model, "--provider", "native", "--threads", "1", "--seed", "7"],
      ...["--skip-existing", "--out", join(work, out), join(work, "in")],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
}

/** Runs to the end. */
async function finish(options: KillOptions, out: string): Promise<void> {
  const { code } = await command(options, out).output();
  if (code !== 0) throw new Error(`Cannot resume: the run ended with the exit code ${code}`);
}

/** Kills a run after `after` milliseconds; returns the seconds it took to end, or undefined if it had ended before. */
async function killed(
  options: KillOptions,
  out: string,
  signal: Deno.Signal,
  after: number,
): Promise<number | undefined> {
  const child = command(options, out).spawn();
  const early = await Promise.race([
    child.status,
    new Promise<undefined>((done) => setTimeout(done, after)),
  ]);
  if (early) return undefined;
  const start = performance.now();
  try {
    child.kill(signal);
  } catch {
    return undefined; // it has just ended
  }
  await child.status;
  return (performance.now() - start) / 1000;
}

async function digests(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of await namesIn(folder)) {
    const bytes = await Deno.readFile(join(folder, name));
    found.set(name, createHash("sha256").update(bytes).digest("hex"));
  }
  return found;
}
