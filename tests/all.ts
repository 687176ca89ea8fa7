/**
 * Runs all tests, the library's and those of `train/`, and ends with a one-line summary.
 * Run it as `deno task test:all`.
 *
 * Three processes run in parallel, since each keeps about one core busy. The output of the first is
 * shown as it comes, that of the others when all have ended.
 *
 * If `../shared` is present, a skipped test must say at the end of its name what else it needs, such
 * as "(needs a browser)".
 */

import { existsSync } from "node:fs";
import { pythonCommand } from "../train/environment.ts";

/** The test results of one process. */
interface Tally {
  passed: number;
  failed: number;
  skipped: string[];
  /** What they printed. */
  output: string;
}

const root = new URL("../", import.meta.url);

/** Folders of tests that start browsers and engines: half of the time of the library's tests. */
const SECOND = ["tests/npm/", "tests/page/", "tests/runtime/", "tests/tools/"];

/** Runs a command, passes its output on to `print`, and returns it with the exit code. */
async function run(
  command: string[],
  cwd: URL,
  print: (text: string) => Promise<void>,
): Promise<{ code: number; output: string }> {
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    cwd,
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1", SRZOO_DENO: Deno.execPath() },
  }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    await print(text);
    output += text;
  }
  return { code: (await child.status).code, output };
}

async function show(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}

const keepBack = () => Promise.resolve();

/** Runs tests of the library; Deno ends with `ok | 2 passed | 0 failed | 1 ignored (9ms)`. */
async function libraryTests(
  paths: readonly string[],
  print: (text: string) => Promise<void>,
): Promise<Tally> {
  if (paths.length === 0) return { passed: 0, failed: 0, skipped: [], output: "" };
  const { code, output } = await run([Deno.execPath(), "test", "-A", ...paths], root, print);
  const count = (word: string) =>
    Number(output.match(new RegExp(`(\\d+) ${word}`, "g"))?.at(-1)?.split(" ")[0] ?? 0);
  const skipped = [...output.matchAll(/^(.*) \.\.\. ignored/gm)].map((match) => match[1]);
  const failed = count("failed");
  return {
    passed: count("passed"),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped,
    output,
  };
}

/** Runs the tests of `train/`; pytest ends with `2 passed, 1 skipped in 3.1s`. */
async function trainingTests(python: readonly string[]): Promise<Tally> {
  const command = [...python, "-m", "pytest", "-q", "-rs", "tests"];
  const { code, output } = await run(command, new URL("train/", root), keepBack);
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const count = (word: RegExp) => Number(last.match(word)?.[1] ?? 0);
  const skipped = [...output.matchAll(/^SKIPPED \[\d+\] (.*)$/gm)].map((match) => match[1]);
  const failed = count(/(\d+) failed/) + count(/(\d+) errors?/);
  return {
    passed: count(/(\d+) passed/),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped,
    output,
  };
}

async function sharedIsPresent(): Promise<boolean> {
  return await Deno.stat(new URL("../shared/data", root)).then(() => true, () => false);
}

// Comes first: the library's tests that need Python use this environment if it exists.
const python = await pythonCommand();
const second = SECOND.filter((folder) => existsSync(new URL(folder, root)));
const tallies = await Promise.all([
  libraryTests(["tests", ...second.map((folder) => `--ignore=${folder}`)], show),
  libraryTests(second, keepBack),
  trainingTests(python),
]);
for (const { output } of tallies.slice(1)) await show(output);
const passed = tallies.reduce((sum, tally) => sum + tally.passed, 0);
let failed = tallies.reduce((sum, tally) => sum + tally.failed, 0);
const skipped = tallies.flatMap((tally) => tally.skipped);
if (await sharedIsPresent()) {
  const unexplained = skipped.filter((name) => !/\(needs (?!.*shared).*\)/.test(name));
  for (const name of unexplained) console.log(`skipped although ../shared is there: ${name}`);
  failed += unexplained.length;
}
console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
Deno.exit(failed > 0 || passed === 0 ? 1 : 0);
