import { expect } from "expect";
import { basename, join } from "node:path";
import { ahead, begun } from "../../cli/ahead.ts";
import { runBatch } from "../../cli/batch.ts";
import type { Event } from "../../cli/events.ts";
import { turnsOf } from "../../cli/turns.ts";
import type { Settings } from "../../cli/settings.ts";
import { openWriter, type Writer } from "../../cli/writer.ts";
import { filesBelow, inFolder } from "./_folder.ts";
import { writePicture } from "./_pictures.ts";

const tiny = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;

/** Runs a batch whose files go through `write`; returns its events. */
async function eventsOf(
  settings: Partial<Settings> & Pick<Settings, "inputs">,
  write: (path: string, next: () => Promise<void>) => Promise<void>,
  signal = new AbortController().signal,
): Promise<Event[]> {
  const events: Event[] = [];
  await runBatch({
    settings: { model: tiny, quiet: true, ...settings },
    report: (event) => events.push(event),
    signal,
    program: "test",
    openWriter: (inputs): Writer => {
      const writer = openWriter(inputs);
      return { write: (path, bytes) => write(path, () => writer.write(path, bytes)) };
    },
  });
  return events;
}

/** Writes pictures into a folder; returns settings that enlarge them with a preview of every step. */
async function pictures(folder: string, names: readonly string[], width = 12, height = 10) {
  for (const name of names) await writePicture(join(folder, name), width, height);
  const inputs = names.map((name) => join(folder, name));
  return { inputs, out: join(folder, "out"), previews: join(folder, "previews") };
}

/** The file and kind of each event about a file, without consecutive repetitions. */
function told(events: readonly Event[]): string[] {
  const lines = events.flatMap((event) =>
    "file" in event && event.file ? [`${basename(event.file)} ${event.event}`] : []
  );
  return lines.filter((line, i) => line !== lines[i - 1]);
}

Deno.test("ahead() makes at most one item in advance, and stops when its consumer leaves or its source fails", async () => {
  const seen: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let i = 0; i < 5; i++) {
        seen.push(`made ${i}`);
        yield await Promise.resolve(i);
      }
    } finally {
      seen.push("left");
    }
  }
  for await (const number of ahead(numbers())) {
    await new Promise((done) => setTimeout(done));
    seen.push(`used ${number}`);
    if (number === 2) break;
  }
  expect(seen).toEqual([
    ...["made 0", "made 1", "used 0", "made 2", "used 1", "made 3", "used 2", "left"],
  ]);

  async function* failing(): AsyncGenerator<number> {
    yield await Promise.resolve(0);
    throw new Error("no more");
  }
  const used: number[] = [];
  const use = async () => {
    for await (const number of ahead(failing())) {
      await new Promise((done) => setTimeout(done));
      used.push(number);
    }
  };
  await expect(use()).rejects.toThrow("no more");
  expect(used).toEqual([0]);
});

Deno.test("begun() finishes started items when its consumer leaves, and passes an error to whoever awaits the item", async () => {
  const seen: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    for (let i = 0; i < 4; i++) yield await Promise.resolve(i);
  }
  const make = async (number: number) => {
    seen.push(`begun ${number}`);
    await new Promise((done) => setTimeout(done, 5));
    seen.push(`made ${number}`);
    if (number === 1) throw new Error("not one");
    return number;
  };
  const use = async () => {
    for await (const { made } of ahead(begun(numbers(), make))) seen.push(`used ${await made}`);
  };
  await expect(use()).rejects.toThrow("not one");
  expect(seen).toEqual([
    ...["begun 0", "begun 1", "made 0", "used 0", "begun 2", "made 1", "made 2"],
  ]);
});

Deno.test("turnsOf() reports the events of each image together, and only the last progress of an image that waited", async () => {
  const events: Event[] = [];
  const next = turnsOf((event) => events.push(event));
  const [a, b] = [next(), next()];
  const skipped = (file: string) => ({ event: "skipped", file, why: "" }) as const;
  const progress = (fraction: number) => ({ event: "progress", file: "b", fraction }) as Event;
  b.report(skipped("b"));
  b.report(progress(0.5));
  b.report(progress(0.75));
  await a.begun;
  a.report(skipped("a"));
  expect(events).toEqual([skipped("a")]);
  a.end();
  await b.begun;
  b.report(progress(1));
  expect(events).toEqual([skipped("a"), skipped("b"), progress(0.75), progress(1)]);
});

Deno.test(
  "runBatch() enlarges an image while the one before it is written, and reports them in order",
  inFolder(async (folder) => {
    const names = ["a.png", "b.png", "c.png", "d.png"];
    const files = await pictures(folder, names);
    const { out, previews } = files;
    await Deno.writeTextFile(join(folder, "c.png"), "no picture");
    const isEnlarged = Promise.withResolvers<void>();
    const events = await eventsOf({ ...files, steps: 2 }, async (path, next) => {
      if (path.startsWith(previews)) {
        if (basename(path).startsWith("b-") && path.includes("step02")) isEnlarged.resolve();
      } else if (basename(path) === "a.png") await isEnlarged.promise; // hangs if one waits for the other
      await next();
    });
    expect(told(events)).toEqual([
      ...["a.png plan", "a.png progress", "a.png done"],
      ...["b.png plan", "b.png progress", "b.png done"],
      "c.png error",
      ...["d.png plan", "d.png progress", "d.png done"],
    ]);
    expect(await filesBelow(out)).toEqual(["a.png", "b.png", "d.png"]);
  }),
);

Deno.test(
  "runBatch() enlarges two images at a time, not three",
  inFolder(async (folder) => {
    const names = ["a.png", "b.png", "c.png"];
    const files = await pictures(folder, names);
    const { out, previews } = files;
    const isSecondBegun = Promise.withResolvers<void>();
    const order: string[] = [];
    const events = await eventsOf({ ...files, steps: 1 }, async (path, next) => {
      const name = basename(path)[0];
      if (path.startsWith(previews)) {
        if (name === "b") isSecondBegun.resolve();
        if (name === "a") await isSecondBegun.promise; // hangs if one waits for the other
      }
      await next();
      order.push(path.startsWith(out) ? name.toUpperCase() : name);
    });
    expect(order.indexOf("c")).toBeGreaterThan(order.indexOf("A"));
    expect(told(events)).toEqual(
      names.flatMap((name) => ["plan", "progress", "done"].map((kind) => `${name} ${kind}`)),
    );
  }),
);

Deno.test(
  "runBatch() works on one image at a time if the memory does not hold two",
  inFolder(async (folder) => {
    const files = await pictures(folder, ["a.png", "b.png", "c.png"], 300, 150);
    const order: string[] = [];
    const how = { model: "bicubic", ...files, memory: 215e6 };
    const events = await eventsOf(how, async (path, next) => {
      // Time in which the next image could make previews.
      if (path.startsWith(files.out)) await new Promise((done) => setTimeout(done, 200));
      await next();
      order.push(basename(path)[0]);
    });
    expect(told(events).filter((line) => line.endsWith("done")).length).toBe(3);
    expect(order.join("")).toMatch(/^a+b+c+$/);
  }),
);

Deno.test(
  "runBatch() ends when it is aborted while one image is written and another waits for memory",
  inFolder(async (folder) => {
    const { inputs, out } = await pictures(folder, ["a.png", "b.png"]);
    const abort = new AbortController();
    const run = eventsOf({ inputs, out }, () => {
      abort.abort(new Error("enough"));
      return Promise.resolve();
    }, abort.signal);
    await expect(run).rejects.toThrow("enough");
  }),
);
