/**
 * Tries random input of every kind and reports what happened; the same seed makes the same input:
 *
 *     deno task fuzz [--only trees] [--tries 1000] [--seed 1]
 *
 * @module
 */

import { Command } from "commander";
import { wholeFrom } from "../../cli/values.ts";
import { randomOf } from "../random.ts";
import { cards } from "./cards.ts";
import { formats } from "./formats.ts";
import { graphs } from "./graphs.ts";
import { closeOptions, commandLines, plans } from "./options.ts";
import type { Part } from "./part.ts";
import { trees } from "./trees.ts";

/** Every part. */
export const parts: readonly Part[] = [commandLines, plans, formats, cards, graphs, trees];

/** The flags. */
export interface FuzzOptions {
  /** Tries of each part; the part's own number if absent. */
  tries?: number;
  /** Seed of the first try; each further try takes the next number. */
  seed: number;
  /** Name of the only part. */
  only?: string;
}

/** Runs the parts; returns a line for each fault, with the seed that reproduces it. */
export async function fuzz(options: FuzzOptions, tell: (line: string) => void): Promise<string[]> {
  const faults: string[] = [];
  for (const part of parts.filter(({ name }) => (options.only ?? name) === name)) {
    const counts: Record<string, number> = {};
    const tries = options.tries ?? part.tries;
    for (let i = 0; i < tries; i++) {
      const seed = options.seed + i;
      const work = await Deno.makeTempDir({ prefix: "srzoo-fuzz-" });
      try {
        const word = await part.attempt(randomOf(seed), work);
        counts[word] = (counts[word] ?? 0) + 1;
      } catch (error) {
        counts.wrong = (counts.wrong ?? 0) + 1;
        faults.push(`${part.name}, seed ${seed}: ${(error as Error).message}`);
      } finally {
        await Deno.remove(work, { recursive: true });
      }
    }
    const words = Object.entries(counts).map(([word, count]) => `${count} ${word}`);
    tell(`${part.name}, seeds ${options.seed} to ${options.seed + tries - 1}: ${words.join(", ")}`);
  }
  await closeOptions();
  return faults;
}

async function main(): Promise<number> {
  const options = new Command("fuzz")
    .description("Tries random input of every kind and reports what happened.")
    .option("--only <part>", parts.map(({ name }) => name).join(", "))
    .option("--tries <n>", "of each part", wholeFrom(0))
    .option("--seed <n>", "of the first try", wholeFrom(0), Math.floor(Math.random() * 1e9))
    .parse(Deno.args, { from: "user" })
    .opts<FuzzOptions>();
  const faults = await fuzz(options, console.log);
  for (const fault of faults.slice(0, 20)) console.error(`error: ${fault}`);
  if (faults.length > 20) console.error(`error: and ${faults.length - 20} more`);
  return faults.length > 0 ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
