/**
 * Enlarges images: `deno run -A cli/upscale.ts --model srdiff photo.png`; `--help` lists all flags.
 *
 * @module
 */

import config from "../deno.json" with { type: "json" };
import { described } from "./errors.ts";
import { exitCodes } from "./exit_codes.ts";
import { jsonReporter, type Reporter } from "./events.ts";
import { isFifo } from "./inputs.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import { terminalReporter } from "./terminal.ts";
import { readyThread, runTask } from "./thread.ts";

/** Flags that only print text. */
const WORDS = ["--help", "-h", "--version", "-V", "--list-models"];

/** Runs the command; returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let settings: Settings | undefined;
  const reporter = () => reporterOf(settings ?? { json: args.includes("--json") });
  // Started first, since it takes longer to load than this thread.
  const thread = args.some((arg) => WORDS.includes(arg)) ? undefined : readyThread("upscale");
  try {
    const { readSettings } = await import("./settings.ts");
    const read = readSettings(args, config.version);
    if (typeof read === "string") {
      writeSync(Deno.stdout, read);
      return exitCodes.done;
    }
    if (read.listModels) return await listModels(read);
    settings = await withStreams(read);
    const task = { command: "upscale", settings, program: config.version } as const;
    return await runTask(task, reporter(), thread);
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return exitCodes.someFailed;
    const event = { event: "error", ...described(error, undefined, settings?.debug) } as const;
    try {
      reporter()(event);
    } catch {
      console.error(`error: ${event.message}`); // standard output cannot be written
    }
    return error instanceof UsageError ? exitCodes.wrongUsage : exitCodes.someFailed;
  }
}

/** Runs the verb `list` of the command `zoo`. */
async function listModels({ zoo, offline, json }: Settings): Promise<number> {
  const { main } = await import("./zoo.ts");
  const flags = [...zoo ? ["--zoo", zoo] : [], ...offline ? ["--offline"] : []];
  return await main([...flags, ...json ? ["--json"] : [], "list"]);
}

/** With a pipe as input and no `-o` or `--out`, the command is a filter and writes to standard output. */
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

/** JSON events go to standard output, unless an image is written there; text for people goes to standard error. */
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
