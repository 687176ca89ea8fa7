/**
 * Tries every recorded case of `../shared/data/cases` and prints what happened and what must happen:
 *
 *     deno task cases [--only F04] [--cases DIR]
 *
 * @module
 */

import Table from "cli-table3";
import { Command } from "commander";
import { attackCases } from "./attacks.ts";
import { benchCases } from "./bench.ts";
import { type Case, Unwanted } from "./case.ts";
import { imageCases } from "./images.ts";
import { scriptCases } from "./scripts.ts";

const root = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");

/** Every case. */
export const allCases: readonly Case[] = [
  ...scriptCases,
  ...imageCases,
  ...benchCases,
  ...attackCases,
];

/** The result of one case. */
export interface Outcome {
  /** The case. */
  id: string;
  /** Whether it passed, failed, or lacks a file that it needs. */
  state: "ok" | "FAILED" | "absent";
  /** What happened. */
  seen: string;
}

/** Tries one case in a temporary folder. */
export async function tryCase(entry: Case, cases: string): Promise<Outcome> {
  const { id, needs } = entry;
  for (const need of needs) {
    const isThere = await Deno.stat(`${cases}/${need}`).then(() => true, () => false);
    if (!isThere) return { id, state: "absent", seen: `${need} is not there` };
  }
  const work = await Deno.makeTempDir({ prefix: "srzoo-case-" });
  try {
    return { id, state: "ok", seen: await entry.run({ cases, work, root }) };
  } catch (error) {
    const seen = error instanceof Unwanted ? error.message : String(error);
    return { id, state: "FAILED", seen };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The flags. */
interface Flags {
  only?: string;
  cases: string;
}

async function main(): Promise<number> {
  const { only, cases } = new Command("cases")
    .description("Tries every recorded case and prints what happened beside what must happen.")
    .option("--only <text>", "cases whose name contains this text")
    .option("--cases <dir>", "the folder of cases", `${root}/../shared/data/cases`)
    .parse(Deno.args, { from: "user" })
    .opts<Flags>();
  const chosen = allCases.filter(({ id }) => only === undefined || id.includes(only));
  const table = new Table({
    head: ["case", "", "wanted", "seen"],
    style: { head: [], border: [], compact: true },
    wordWrap: true,
    colWidths: [28, 8, 42, 72],
  });
  let failed = 0;
  const place = await Deno.realPath(cases);
  for (const entry of chosen) {
    const { id, state, seen } = await tryCase(entry, place);
    console.error(`${state} ${id}`);
    if (state === "FAILED") failed++;
    table.push([id, state, entry.wants, seen]);
  }
  console.log(table.toString());
  console.log(`${chosen.length} cases, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
