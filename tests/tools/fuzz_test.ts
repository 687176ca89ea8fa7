import { expect } from "expect";
import { fuzz, parts } from "../../tools/fuzz/main.ts";

Deno.test(
  "fuzz() finds no fault in a short run of every part",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const lines: string[] = [];
    const faults = await fuzz({ tries: 25, seed: 1 }, (line) => lines.push(line));
    expect(faults).toEqual([]);
    expect(lines.length).toBe(parts.length);
  },
);
