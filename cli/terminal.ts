/** Events as text for people: lines, and a progress bar on a terminal. @module */

import { escapeControls } from "./controls.ts";
import { inputName } from "./errors.ts";
import type { DoneEvent, Event, PlanEvent, Reporter } from "./events.ts";

/** Properties of the terminal. */
export interface Terminal {
  /** Writes text to standard error. */
  write(text: string): void;
  /** Columns, if it is a terminal: then a bar is drawn. */
  columns?: number;
  /** Whether errors are printed in red. */
  color: boolean;
  /** Whether to print only errors. */
  quiet?: boolean;
}

/** Lines about skipped files that are printed in a row; the others are only counted. */
const MOST_SKIPPED = 3;

/** Prints everything: on a terminal with a bar, otherwise in lines only. */
export function terminalReporter({ write, columns, color, quiet }: Terminal): Reporter {
  let drawn = 0;
  let skipped = 0;
  const say = (lines: readonly string[]) => {
    if (lines.length === 0) return;
    write((drawn > 0 ? "\r" + " ".repeat(drawn) + "\r" : "") + lines.join("\n") + "\n");
    drawn = 0;
  };
  return (event) => {
    if (event.event === "progress" || event.event === "download") {
      if (columns === undefined || quiet) return;
      const bar = escapeControls(barOf(event)).slice(0, columns - 1);
      write("\r" + bar.padEnd(drawn));
      drawn = bar.length;
      return;
    }
    if (quiet && event.event !== "error") return;
    if (event.event === "skipped") {
      if (++skipped <= MOST_SKIPPED) say(linesOf(event, color));
      return;
    }
    if (skipped > MOST_SKIPPED) say([`${skipped - MOST_SKIPPED} more files skipped`]);
    skipped = 0;
    say(linesOf(event, color));
  };
}

/** The lines of an event; text from files and their names cannot control the terminal. */
function linesOf(event: Exclude<Event, BarEvent>, color: boolean): string[] {
  if (event.event !== "error") return textsOf(event).map((line) => escapeControls(line));
  const head = color ? "\x1b[31merror:\x1b[0m" : "error:";
  const stack = event.stack?.split("\n").map((line) => escapeControls(line)) ?? [];
  return [`${head} ${escapeControls(event.message)}`, ...stack];
}

function textsOf(event: Exclude<Event, BarEvent | { event: "error" }>): string[] {
  switch (event.event) {
    case "start":
      return [startLine(event), ...indented(event.notes)];
    case "plan":
      return [planLine(event), ...event.dry ? indented(choiceLines(event)) : []];
    case "done":
      return [doneLine(event), ...indented(event.notes)];
    case "skipped":
      return [`${event.file} skipped: ${event.why}`];
    case "summary":
      return event.done + event.skipped + event.failed > 1 ? [summaryLine(event)] : [];
  }
}

function indented(notes: readonly string[]): string[] {
  return notes.map((note) => `  ${note}`);
}

/** What a dry run reports about the work that it does not do. */
function choiceLines(plan: PlanEvent): string[] {
  const { outputs, steps, sampler, seed, restore, samples, regions, runs } = plan;
  const choices = [
    steps !== undefined && `${counted(steps, "step")} of ${sampler}`,
    seed !== undefined && `seed ${seed}`,
    restore !== undefined && `restore ${restore === "auto" ? restore : rounded(restore)}`,
    samples > 1 && `${samples} samples`,
    regions > 1 && `${regions} regions`,
    runs > 0 && counted(runs, "network call"),
  ];
  const places = outputs.map((path) => path === "-" ? "standard output" : path);
  return [`to ${places.join(", ")}`, choices.filter(Boolean).join(", ")].filter(Boolean);
}

function startLine({ model, version, provider }: Event & { event: "start" }): string {
  return `${model} ${version}${provider === "none" ? "" : ` on ${provider}`}`;
}

function planLine({ file, width, height, outputWidth, outputHeight, ...plan }: PlanEvent): string {
  return `${inputName(file)}: ${width}x${height} -> ${outputWidth}x${outputHeight}, ` +
    `about ${inBytes(plan.memoryBytes)} of memory, about ${inTime(plan.seconds)}`;
}

function doneLine({ file, outputs, seed, steps, restore, seconds }: DoneEvent): string {
  const facts = [
    seed !== undefined && `seed ${seed}`,
    steps !== undefined && counted(steps, "step"),
    restore !== undefined && `restore ${rounded(restore)}`,
    inTime(seconds),
  ];
  const names = outputs.map((path) => path === "-" ? "standard output" : path);
  return `${inputName(file)} -> ${names.join(", ")} (${facts.filter(Boolean).join(", ")})`;
}

/** A number of things: 1 step, 2 steps. */
function counted(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

/** The value of a dial to two decimals; `auto` gives many more. */
function rounded(value: number): string {
  return `${Math.round(value * 100) / 100}`;
}

function summaryLine(
  { done, skipped, failed, seconds, dry }: Event & { event: "summary" },
): string {
  return `${done} ${dry ? "planned" : "done"}, ${skipped} skipped, ${failed} failed in ${
    inTime(seconds)
  }`;
}

type BarEvent = Extract<Event, { event: "progress" | "download" }>;

/** One line: how far the work is, in which phase, and how long it still takes. */
function barOf(event: BarEvent): string {
  if (event.event === "download") {
    const { file, received, total } = event;
    return `fetching ${file}: ${inBytes(received)}${total ? ` of ${inBytes(total)}` : ""}`;
  }
  const { file, fraction, phase, sample, step, steps, tile, tiles, secondsLeft } = event;
  const filled = Math.round(20 * fraction);
  const bar = "#".repeat(filled) + "-".repeat(20 - filled);
  const where = phase === "sample" ? `sample ${sample + 1} step ${step}/${steps}` : phase;
  const left = secondsLeft === undefined ? "" : `, ${inTime(secondsLeft)} left`;
  const percent = `${Math.floor(100 * fraction)}`.padStart(3);
  return `[${bar}] ${percent}% ${where} tile ${tile}/${tiles}${left}  ${file}`;
}

/** A duration as text for people. */
export function inTime(seconds: number): string {
  if (seconds < 1) return "1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** An amount of memory as text for people. */
export function inBytes(bytes: number): string {
  if (bytes < 1e7) return `${Math.ceil(bytes / 1e5) / 10} MB`;
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${Math.ceil(bytes / 1e8) / 10} GB`;
}
