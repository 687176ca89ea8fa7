/** How fast the images of a folder are enlarged. @module */

import { openBare } from "./bare.ts";
import { clocked, seconds } from "./clock.ts";
import type { Goal, Study } from "./goal.ts";
import { watched } from "./program.ts";
import { openScratch } from "./scratch.ts";

/** Images of the folder, and their sizes. */
const COUNT = 8, WIDTH = 320, HEIGHT = 240;

/** Images per second, from PNG to PNG, against those of the bare graphs; the start is not counted. */
export const folder: Study = {
  name: "folder",
  about: "images per second of a folder, from PNG to PNG, against the bare graphs",
  async *measure({ models: [id] }, signal): AsyncGenerator<Goal> {
    await using scratch = await openScratch();
    const paths: string[] = [];
    for (let i = 0; i < COUNT; i++) paths.push(await scratch.photograph(`${i}.png`, WIDTH, HEIGHT));
    await using bare = await openBare(id);
    const graphs = (await clocked({ run: () => bare.run(WIDTH, HEIGHT) }, signal)).run;
    const args = ["--model", id, "--out", scratch.path("out"), ...paths];
    const { events } = await watched(args, signal);
    const done = events.filter(({ event }) => event === "done");
    const each = (done.at(-1)!.at - done[0].at) / (COUNT - 1);
    yield {
      what: `${id} ${WIDTH}x${HEIGHT}, a folder: rate : graphs' rate`,
      value: graphs / each,
      goal: { least: 0.95 },
      note: `${seconds(each)} per image, its graphs ${seconds(graphs)}`,
    };
  },
};
