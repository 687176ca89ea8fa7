/**
 * Runs for a long time, aborts and kills, and reports what that leaves behind:
 *
 *     deno task soak [--upscales 10000] [--aborts 200] [--kills 50] [--seed 1] [--model DIR]
 *
 * @module
 */

import { Command } from "commander";
import { wholeFrom } from "../../cli/values.ts";
import { load } from "../../mod.ts";
import { randomOf } from "../random.ts";
import { type Kills, soakKills } from "./kills.ts";
import { grown, shown } from "./usage.ts";
import { soakAborts, soakUpscales } from "./upscales.ts";

const root = new URL("../../", import.meta.url).pathname;

/** What the user asked for. */
interface Flags {
  upscales: number;
  aborts: number;
  kills: number;
  seed: number;
  model: string;
  provider: "native" | "wasm" | "webgpu";
}

/**
 * Megabytes by which the resident memory may grow between the second and the last tenth of the runs. V8 enlarges its
 * space for new objects once or twice in the first few thousand runs, by some 30 MB each time, and keeps it.
 */
const FLAT = 100;

/** Runs upscales, aborts and kills; returns the faults. */
export async function soak(flags: Flags, tell: (line: string) => void): Promise<string[]> {
  const { upscales, aborts, kills, seed, model, provider } = flags;
  tell(`seed ${seed}`);
  const random = randomOf(seed);
  const wrong: string[] = [];
  {
    await using upscaler = await load(model, { provider, threads: 1 });
    const many = await soakUpscales(upscaler, upscales, (runs) => tell(`  ${runs} upscales ...`));
    tell(`${many.runs} upscales: ${many.different} different`);
    tell(`  early: ${shown(many.early)}`);
    tell(`  late: ${shown(many.late)}`);
    if (many.different > 0) wrong.push(`${many.different} results differ`);
    wrong.push(...grown(many.early, many.late, FLAT));
    const cut = await soakAborts(upscaler, aborts, random);
    tell(
      `${aborts} aborts: ${cut.aborted} aborted, ${cut.finished} finished before, ` +
        `${cut.otherwise} failed otherwise, ${cut.wrong} wrong results`,
    );
    if (cut.otherwise + cut.wrong > 0) wrong.push("aborts leave something behind");
  }
  const work = await Deno.makeTempDir({ prefix: "srzoo-soak-" });
  try {
    const onRound = ({ killed }: Kills) => tell(`  ${killed} kills ...`);
    const ended = await soakKills({ root, model, work, count: kills, random, onRound });
    tell(
      `${ended.killed} kills: ${ended.partial} partial files, ${ended.unequal} resumed folders ` +
        `with other bytes, slowest end after a signal ${ended.slowest.toFixed(1)} s`,
    );
    if (ended.partial + ended.unequal > 0) wrong.push("kills leave something behind");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  return wrong;
}

async function main(): Promise<number> {
  const tiny = new URL("../../tests/fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
  const flags = new Command("soak")
    .description("Runs for a long time, aborts and kills, and reports what that leaves behind.")
    .option("--upscales <n>", "images in one process", wholeFrom(0), 10_000)
    .option("--aborts <n>", "aborts at random moments", wholeFrom(0), 200)
    .option("--kills <n>", "kills of runs of a folder", wholeFrom(0), 50)
    .option("--seed <n>", "seed of the moments", wholeFrom(0), Math.floor(Math.random() * 1e9))
    .option("--model <dir>", "folder of an entry", tiny)
    .option("--provider <name>", "native or wasm", "native")
    .parse(Deno.args, { from: "user" })
    .opts<Flags>();
  const wrong = await soak(flags, console.log);
  for (const fault of wrong) console.error(`error: ${fault}`);
  return wrong.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
