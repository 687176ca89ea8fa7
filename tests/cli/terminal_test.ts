import { expect } from "expect";
import type { Event } from "../../cli/events.ts";
import { jsonReporter } from "../../cli/events.ts";
import { table } from "../../cli/table.ts";
import { inBytes, inTime, type Terminal, terminalReporter } from "../../cli/terminal.ts";

const progress: Event = {
  event: "progress",
  file: "a.png",
  phase: "sample",
  sample: 0,
  step: 2,
  steps: 4,
  tile: 3,
  tiles: 9,
  fraction: 0.5,
  secondsLeft: 12,
};
const failure: Event = { event: "error", file: "a.png", message: "a.png: no" };
const summary: Event = { event: "summary", done: 2, skipped: 1, failed: 0, seconds: 100 };

function told(events: Event[], terminal: Partial<Terminal> = {}): string {
  let text = "";
  const report = terminalReporter({ write: (part) => text += part, color: false, ...terminal });
  events.forEach(report);
  return text;
}

Deno.test("terminalReporter() draws a bar on a terminal only", () => {
  expect(told([progress])).toBe("");
  const bar = told([progress], { columns: 100 });
  for (const part of ["50%", "step 2/4", "tile 3/9", "12 s left", "a.png"]) {
    expect(bar).toContain(part);
  }
  expect(told([progress], { columns: 30 }).length).toBeLessThanOrEqual(30);
});

Deno.test("terminalReporter() reports downloads on a terminal only", () => {
  const download: Event = { event: "download", file: "a.onnx", received: 5e6, total: 2e7 };
  expect(told([download])).toBe("");
  expect(told([download], { columns: 80 })).toContain("fetching a.onnx: 5 MB of 20 MB");
});

Deno.test("terminalReporter() clears the bar before the next line", () => {
  const text = told([progress, failure], { columns: 100 });
  expect(text.split("\r").at(-1)).toBe("error: a.png: no\n");
});

Deno.test("terminalReporter() prints only errors when it is quiet", () => {
  expect(told([progress, summary, failure], { quiet: true, columns: 80 }))
    .toBe("error: a.png: no\n");
});

Deno.test("terminalReporter() colours errors only if colour is wanted", () => {
  expect(told([failure], { color: true })).toContain("\x1b[31m");
  expect(told([failure, summary])).not.toContain("\x1b");
});

Deno.test("terminalReporter() shows the seed, the steps and the restoration of an image", () => {
  const done: Event = {
    event: "done",
    file: "a.jpg",
    outputs: ["b.jpg"],
    width: 4,
    height: 4,
    scale: 4,
    model: "m",
    version: "1",
    provider: "native",
    seed: 7,
    steps: 1,
    restore: 0.8500000238418579,
    seconds: 2,
    notes: [],
  };
  expect(told([done])).toBe("a.jpg -> b.jpg (seed 7, 1 step, restore 0.85, 2 s)\n");
  expect(told([{ ...done, steps: 4, restore: 0 }])).toContain("4 steps, restore 0, 2 s");
  expect(told([{ ...done, steps: undefined, restore: undefined }])).toContain("(seed 7, 2 s)");
});

Deno.test("jsonReporter() writes one object per line, and not every progress event", () => {
  const lines: string[] = [];
  const report = jsonReporter((line) => lines.push(line));
  for (let i = 0; i < 1000; i++) report({ ...progress, fraction: i / 1000 });
  report({ ...progress, fraction: 1 });
  report(failure);
  expect(lines.every((line) => line.endsWith("\n") && JSON.parse(line).event)).toBe(true);
  expect(lines.length).toBeLessThan(500);
  expect(JSON.parse(lines.at(-2)!).fraction).toBe(1);
});

Deno.test("inTime() and inBytes() are short and never empty", () => {
  expect([0.01, 12, 600, 7200].map(inTime)).toEqual(["1 s", "12 s", "10 min", "2.0 h"]);
  expect([1, 2.5e6, 8.5e8, 4.05e9].map(inBytes)).toEqual(["0.1 MB", "2.5 MB", "850 MB", "4.1 GB"]);
});

Deno.test("table() aligns columns", () => {
  expect(table([["id", "scale"], ["srdiff", "4"]])).toBe("id      scale\nsrdiff  4");
});

Deno.test("no reporter lets a file's name control the terminal", () => {
  const name = "a\x1b]0;title\x07\x9b31m\r\u202egnp.png";
  const events: Event[] = [
    { event: "skipped", file: name, why: name },
    { event: "error", file: name, message: `${name}: no`, stack: name },
    { ...progress, file: name },
    { event: "start", model: name, version: name, provider: name, notes: [name] },
  ];
  // deno-lint-ignore no-control-regex -- the test looks for these
  const steering = /[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]/;
  const text = told(events, { columns: 200 });
  expect(text).not.toMatch(steering);
  expect(text).toContain("a\\x1b]0;title\\x07\\x9b31m\\x0d\\u202egnp.png");
  let json = "";
  events.forEach(jsonReporter((line) => json += line));
  expect(json).not.toMatch(steering);
  expect(JSON.parse(json.split("\n")[0]).file).toBe(name);
});

Deno.test("terminalReporter() reports many skipped files in one line", () => {
  const skip = (file: string): Event => ({ event: "skipped", file, why: "no image" });
  const many = Array.from({ length: 1000 }, (_, i) => skip(`${i}.txt`));
  const lines = told([...many, failure, skip("x.txt"), summary]).trimEnd().split("\n");
  expect(lines).toEqual([
    "0.txt skipped: no image",
    "1.txt skipped: no image",
    "2.txt skipped: no image",
    "997 more files skipped",
    "error: a.png: no",
    "x.txt skipped: no image",
    "2 done, 1 skipped, 0 failed in 2 min",
  ]);
});
