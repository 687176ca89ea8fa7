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

/** Runs a command, shows what it prints, and returns its exit code and output without colours. */
async function show(command: string[], options: Deno.CommandOptions = {}) {
  const child = new Deno.Command(command[0], {
    args: command.slice(1),
    cwd: root,
    stdout: "piped",
    stderr: "inherit",
    env: { NO_COLOR: "1", SRZOO_DENO: Deno.execPath() },
    ...options,
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    await Deno.stdout.write(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  return { code: (await child.status).code, output };
}

/** The library's tests; Deno closes with `ok | 2 passed | 0 failed | 1 ignored (9ms)`. */
async function libraryTests(): Promise<Tally> {
  const { code, output } = await show([Deno.execPath(), "test", "-A", "tests"]);
  const count = (word: string) =>
    Number(output.match(new RegExp(`(\\d+) ${word}`, "g"))?.at(-1)?.split(" ")[0] ?? 0);
  const skipped = [...output.matchAll(/^(.*) \.\.\. ignored/gm)].map((match) => match[1]);
  const failed = count("failed");
  return { passed: count("passed"), failed: code !== 0 && failed === 0 ? 1 : failed, skipped };
}

/** The tests of `train/`; pytest closes with `2 passed, 1 skipped in 3.1s`. */
async function trainingTests(python: readonly string[]): Promise<Tally> {
  const command = [...python, "-m", "pytest", "-q", "-rs", "tests"];
  const { code, output } = await show(command, { cwd: new URL("train/", root) });
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  const count = (word: RegExp) => Number(last.match(word)?.[1] ?? 0);
  const skipped = [...output.matchAll(/^SKIPPED \[\d+\] (.*)$/gm)].map((match) => match[1]);
  const failed = count(/(\d+) failed/) + count(/(\d+) errors?/);
  return {
    passed: count(/(\d+) passed/),
    failed: code !== 0 && failed === 0 ? 1 : failed,
    skipped,
  };
}

async function sharedIsPresent(): Promise<boolean> {
  return await Deno.stat(new URL("../shared/data", root)).then(() => true, () => false);
}

// First, since the library's tests that need Python use this environment if it exists.
const python = await pythonCommand();
const tallies = [await libraryTests(), await trainingTests(python)];
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
