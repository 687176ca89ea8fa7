/**
 * Runs every test there is, the library's and those of `train/`, and closes with one line.
 * Run it as `deno task test:all`.
 *
 * If `../shared` is present, no test may be skipped for want of it: a skipped test must then
 * name another need at the end of its name, such as "(needs a browser)".
 */

import { pythonCommand } from "../train/environment.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: string[];
}

const root = new URL("../", import.meta.url);

/** Runs a command; hands on what it prints, and returns that with its exit code. */
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

/** The library's tests; Deno closes with `ok | 2 passed | 0 failed | 1 ignored (9ms)`. */
async function libraryTests(): Promise<Tally> {
  const { code, output } = await run([Deno.execPath(), "test", "-A", "tests"], root, show);
  const count = (word: string) =>
    Number(output.match(new RegExp(`(\\d+) ${word}`, "g"))?.at(-1)?.split(" ")[0] ?? 0);
  const skipped = [...output.matchAll(/^(.*) \.\.\. ignored/gm)].map((match) => match[1]);
  const failed = count("failed");
  return { passed: count("passed"), failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** The tests of `train/`, and what they printed; pytest closes with `2 passed, 1 skipped in 3.1s`. */
async function trainingTests(python: readonly string[]): Promise<Tally & { output: string }> {
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

// First, since the library's tests that need Python use this environment if it exists.
const python = await pythonCommand();
// At once, since each keeps about one core busy: together they take as long as the longer one.
const [library, training] = await Promise.all([libraryTests(), trainingTests(python)]);
await show(training.output);
const tallies: Tally[] = [library, training];
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
