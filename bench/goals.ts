/**
 * Measures speed and memory, and prints each figure beside its goal:
 *
 *     deno task bench:speed --upscalerjs ../upscalerjs --large
 *
 * All figures of time are ratios of tasks that take turns. The machine should be otherwise idle.
 *
 * @module
 */

import { Command } from "commander";
import { type Goal, type GoalSettings, goalTable } from "./goals/goal.ts";
import { studies } from "./goals/mod.ts";
import { runInterruptible } from "./interruptible.ts";
import { describeMachine, thisMachine } from "./machine.ts";
import { writeBetweenMarks } from "./marks.ts";

/** What the user asked for. */
interface Flags extends Omit<GoalSettings, "models"> {
  model: string[];
  only?: string[];
  write?: string;
}

const names = studies.map(({ name }) => name);

async function main(signal: AbortSignal): Promise<number> {
  const { model, only = names, write, ...rest } = new Command("bench:speed")
    .description("Measures speed and memory against their goals.")
    .option("--model <id...>", "entries whose time is compared with that of their graphs", [
      "srdiff-photo",
      "srdiff",
      "regression",
    ])
    .option("--only <study...>", `only these of ${names.join(", ")}`)
    .option("--upscalerjs <dir>", "folder where UpscalerJS is installed, to compare with")
    .option("--large", "also measure images that take minutes", false)
    .option(
      "--write <file>",
      "put the table of each study into a file, between <!-- speed:STUDY --> and its end mark",
    )
    .parse(Deno.args, { from: "user" })
    .opts<Flags>();
  const unknown = only.find((name) => !names.includes(name));
  if (unknown) throw new Error(`Cannot measure "${unknown}": choose from ${names.join(", ")}`);
  const machine = describeMachine(await thisMachine());
  for (const study of studies.filter(({ name }) => only.includes(name))) {
    console.error(`${study.name}: ${study.about}`);
    const goals: Goal[] = [];
    for await (const goal of study.measure({ models: model, ...rest }, signal)) {
      goals.push(goal);
      console.error(`  ${goal.what}: ${goal.value.toFixed(2)}`);
    }
    if (goals.length === 0) continue;
    const command = `deno task bench:speed --only ${study.name}${rest.large ? " --large" : ""}`;
    const text = `\`${command}\` (${study.about}; ${machine}):\n\n${goalTable(goals)}`;
    console.log(`${text}\n`);
    if (write) await writeBetweenMarks(write, `speed:${study.name}`, text);
  }
  return 0;
}

if (import.meta.main) {
  await runInterruptible(main, "Interrupted; the finished studies are written");
}
