/**
 * Writes the package for npm, as a tarball that `npm install` takes:
 *
 *     deno task npm [--out DIR]
 *
 * @module
 */

import { Command } from "commander";
import { packForNpm } from "./pack.ts";

async function main(): Promise<void> {
  const { out } = new Command("npm")
    .description("Writes the package for npm, as a tarball.")
    .option("--out <dir>", "folder of the tarball", "npm")
    .parse(Deno.args, { from: "user" })
    .opts<{ out: string }>();
  console.log(await packForNpm(out));
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`npm: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
