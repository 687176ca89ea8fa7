/**
 * Manages entries: `deno run -A cli/zoo.ts list`, `show`, `pull`, `verify`, `remove`, `prune`, `new`,
 * `check`, `publish`, `table`.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import { escapeControls } from "./controls.ts";
import { described } from "./errors.ts";
import { exitCodes } from "./exit_codes.ts";
import { watchSignals } from "./signals.ts";
import { discardUnfinished } from "./unfinished.ts";
import { check } from "./zoo/check.ts";
import { type Flags, openDesk, type Verb } from "./zoo/desk.ts";
import { prune, pull, remove, verify } from "./zoo/files.ts";
import { list, markdown, show } from "./zoo/list.ts";
import { create } from "./zoo/new.ts";
import { publication } from "./zoo/publish.ts";

const verbs: readonly Verb[] = [
  ...[list, show, pull, verify, remove, prune],
  ...[create, check, publication, markdown],
];

function commandLine(signal: AbortSignal): Command {
  const program = new Command("zoo").description("Manages the entries of the zoo.")
    .option("--zoo <place>", "another registry: folder or URL of its index.yml")
    .option("--offline", "use earlier downloads and no network")
    .option("--json", "answer in JSON");
  for (const verb of verbs) verb(program, () => openDesk(program.opts<Flags>(), signal));
  const colors = { getOutHasColors: () => false, getErrHasColors: () => false };
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput(colors);
  }
  return program;
}

/** Runs the command; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const stop = () => {
    discardUnfinished();
    return exitCodes.interrupted;
  };
  watchSignals(() => interrupt.abort(), () => Deno.exit(stop()));
  try {
    await commandLine(interrupt.signal).parseAsync(args, { from: "user" });
    return exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUsage;
    }
    if (interrupt.signal.aborted) return stop();
    console.error(escapeControls(`error: ${described(error).message}`));
    return exitCodes.someFailed;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
