/** Random folders: every image in them is enlarged, whatever else is there. @module */

import { join } from "node:path";
import { runBatch } from "../../cli/batch.ts";
import type { Event } from "../../cli/events.ts";
import { openWriter } from "../../cli/writer.ts";
import { encodeImage, type OutputFormat } from "../../mod.ts";
import { must, oneOf, type Part, wholeWithin } from "./part.ts";

const LETTERS = [
  ..."aZ09 .,;'\"!#$%&()+=@[]^_`{}~*?:|<>-",
  ..."äßéñ日本語ابجد😀👩‍👩‍👧\u0301\u200d\ufeff\u202e\u2028\x01\x07\x1b\x7f\x9b\t\n\r",
];

/** A name of odd letters that no other entry of the folder has. */
function oddName(random: () => number, index: number): string {
  const length = random() < 0.1 ? 200 : wholeWithin(random, 0, 12);
  const odd = Array.from({ length }, () => oneOf(random, LETTERS)).join("");
  const first = odd.startsWith(".") ? `x${odd}` : odd;
  const encoder = new TextEncoder();
  let name = first;
  while (encoder.encode(name).length > 200) name = [...name].slice(0, -1).join("");
  return `${name}${index}`;
}

/** An image that must be found, and where. */
interface Planted {
  path: string;
  bytes: Uint8Array;
}

/** The state of making one tree. */
interface Garden {
  random: () => number;
  planted: Planted[];
  count: number;
}

let images: Promise<Map<OutputFormat, Uint8Array>> | undefined;

/** A tiny image in each format. */
async function makeImages(): Promise<Map<OutputFormat, Uint8Array>> {
  const data = new Uint8ClampedArray(4 * 5 * 3).map((_, i) => i % 4 === 3 ? 255 : 40 * (i % 6));
  const made = new Map<OutputFormat, Uint8Array>();
  for (const format of ["png", "jpeg", "webp"] as const) {
    made.set(format, await encodeImage({ width: 5, height: 3, data, channels: 3 }, { format }));
  }
  return made;
}

async function plant(garden: Garden, folder: string, depth: number): Promise<void> {
  const { random } = garden;
  await Deno.mkdir(folder, { recursive: true });
  for (let i = wholeWithin(random, 0, 7); i > 0; i--) {
    const path = join(folder, oddName(random, garden.count++));
    const kind = random();
    if (kind < 0.45) await plantImage(garden, path);
    else if (kind < 0.6 && depth < 4) await plant(garden, path, depth + 1);
    else await plantWeed(random, path);
  }
}

async function plantImage({ random, planted }: Garden, stem: string): Promise<void> {
  const format = oneOf(random, ["png", "jpeg", "webp"] as const);
  const endings = { png: [".png", ".PNG", ""], jpeg: [".jpg", ".JPEG"], webp: [".webp", ".gif"] };
  const path = stem + oneOf(random, endings[format]);
  const bytes = (await (images ??= makeImages())).get(format)!;
  await Deno.writeFile(path, bytes);
  planted.push({ path, bytes });
}

/** Something that is not an image, or not even a file. */
async function plantWeed(random: () => number, path: string): Promise<void> {
  const name = `${path}${oneOf(random, [".png", ".jpg", ".txt", ""])}`;
  const weeds: (() => Promise<unknown>)[] = [
    () => Deno.writeFile(name, new Uint8Array()),
    () => Deno.writeTextFile(name, "<!---->".repeat(70)),
    () => Deno.writeTextFile(name, "\x89PNG\r\n\x1a\n and then nothing"),
    () => Deno.symlink(name.split("/").at(-1)!, name), // to itself
    () => Deno.symlink("nowhere", name),
    () => Deno.symlink("..", name),
    () => Deno.symlink("/dev/zero", name),
    () => new Deno.Command("mkfifo", { args: ["--", name] }).output(),
    () => Deno.mkdir(name),
    // A name that is not UTF-8, which Deno itself cannot make.
    () => new Deno.Command("bash", { args: ["-c", `: > "$0"$'\\xe9.png'`, path] }).output(),
  ];
  await oneOf(random, weeds)();
}

/** Random trees. */
export const trees: Part = {
  name: "trees",
  tries: 300,
  async attempt(random, work) {
    const folder = join(work, "in"), out = join(work, "out");
    const garden: Garden = { random, planted: [], count: 0 };
    await plant(garden, folder, 0);
    const events: Event[] = [];
    const failed = await runBatch({
      settings: { inputs: [folder], model: "bicubic", out, quiet: true },
      report: (event) => events.push(event),
      signal: AbortSignal.timeout(60_000),
      program: "fuzz",
      openWriter: (inputs) => openWriter(inputs),
    });
    const done = new Map<string, string[]>();
    for (const event of events) if (event.event === "done") done.set(event.file, event.outputs);
    for (const { path, bytes } of garden.planted) {
      const outputs = done.get(path);
      const told = events.find((event) => "file" in event && event.file === path);
      must(outputs !== undefined, () => `${JSON.stringify(path)} is lost: ${JSON.stringify(told)}`);
      for (const output of outputs) {
        must((await Deno.stat(output)).size > 0, () => `${output} is empty`);
      }
      const now = await Deno.readFile(path);
      must(now.length === bytes.length, () => `${JSON.stringify(path)} was changed`);
    }
    must(done.size === garden.planted.length, () => "something is done that was not planted");
    const errors = events.filter(({ event }) => event === "error").length;
    must(failed === errors, () => `${failed} failed, but ${errors} are told`);
    const summary = events.at(-1);
    must(summary?.event === "summary", () => `the run ends with ${JSON.stringify(summary)}`);
    return "whole";
  },
};
