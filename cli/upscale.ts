/**
 * Enlarges images: `deno run -A cli/upscale.ts --model srdiff photo.png`; `--help` tells the rest.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { runBatch } from "./batch.ts";
import { described } from "./errors.ts";
import { jsonReporter, type Reporter } from "./events.ts";
import { isFifo } from "./inputs.ts";
import { readSettings, type Settings, UsageError } from "./settings.ts";
import { terminalReporter } from "./terminal.ts";
import { openWriter, type Writer } from "./writer.ts";

/** Exit codes. */
const DONE = 0, SOME_FAILED = 1, WRONG_USAGE = 2, INTERRUPTED = 130;

/** Runs the command; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let settings: Settings | undefined;
  const interrupt = new AbortController();
  const writers: Writer[] = [];
  const reporter = () => reporterOf(settings ?? { json: args.includes("--json") });
  const stop = () => {
    writers.forEach((writer) => writer.discard());
    reporter()({ event: "error", message: "interrupted: what is written is whole" });
    return INTERRUPTED;
  };
  watchSignals(interrupt, () => Deno.exit(stop()));
  try {
    const read = readSettings(args, config.version);
    if (typeof read === "string") {
      writeSync(Deno.stdout, read);
      return DONE;
    }
    settings = await withStreams(read);
    const failed = await runBatch({
      settings,
      report: reporter(),
      signal: interrupt.signal,
      program: config.version,
      openWriter: (inputs) => writers[writers.push(openWriter(inputs)) - 1],
    });
    return failed > 0 ? SOME_FAILED : DONE;
  } catch (error) {
    if (interrupt.signal.aborted) return stop();
    if (error instanceof Deno.errors.BrokenPipe) return SOME_FAILED;
    reporter()({ event: "error", ...described(error, undefined, settings?.debug) });
    return error instanceof UsageError ? WRONG_USAGE : SOME_FAILED;
  }
}

/** Milliseconds that the work has to end by itself: encoding a large image does not. */
const GRACE = 500;

/** The first signal ends the work within a tile, or after a moment; the second at once. */
function watchSignals(interrupt: AbortController, exit: () => void): void {
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (interrupt.signal.aborted) return exit();
      interrupt.abort();
      setTimeout(exit, GRACE);
    });
  }
}

/** A pipe without a place for its result is a filter: to standard output. */
async function withStreams(settings: Settings): Promise<Settings> {
  const { inputs, output, out } = settings;
  const hasPipe = inputs.includes("-") || (await Promise.all(inputs.map(isFifo))).includes(true);
  const isFilter = hasPipe && output === undefined && out === undefined;
  const piped = isFilter ? { ...settings, output: "-" } : settings;
  if (piped.output === "-" && !piped.dryRun && Deno.stdout.isTerminal()) {
    throw new UsageError("an image cannot be shown on the terminal: write -o FILE, or pipe it");
  }
  if (inputs.includes("-") && Deno.stdin.isTerminal()) {
    throw new UsageError("standard input is the terminal: pipe an image into it");
  }
  return piped;
}

/** Data on standard output: events as JSON, unless an image goes there. People read standard error. */
function reporterOf(
  { json, quiet, output }: Pick<Settings, "json" | "quiet" | "output">,
): Reporter {
  const stream = json && output !== "-" ? Deno.stdout : Deno.stderr;
  const write = (text: string) => writeSync(stream, text);
  if (json) return jsonReporter(write);
  const isTerminal = Deno.stderr.isTerminal();
  const columns = isTerminal ? Deno.consoleSize().columns : undefined;
  return terminalReporter({ write, columns, color: isTerminal && !Deno.noColor, quiet });
}

function writeSync(stream: { writeSync(bytes: Uint8Array): number }, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let done = 0; done < bytes.length;) done += stream.writeSync(bytes.subarray(done));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
