/** Sets of images that the benchmark once mistook for others. @module */

import { type Case, want } from "./case.ts";
import { deno, lineOf } from "./process.ts";

function set(name: string, wants: string, isRight: (code: number, text: string) => boolean): Case {
  return {
    id: name,
    wants,
    needs: [name],
    async run({ cases, work, root }) {
      const args = ["bench/main.ts", "--model", "bicubic", "--set", `${cases}/${name}`];
      const ran = await deno(root, [...args, "--no-speed", "--quiet", "--out", `${work}/r.json`], {
        seconds: 600, // a busy machine takes minutes
      });
      const seen = ran.code === 0
        ? ran.text.match(/│ bicubic[^\n]*/)?.[0] ?? lineOf(ran)
        : lineOf(ran);
      want(isRight(ran.code, ran.text), seen.replaceAll(/\s+/g, " "));
      return seen.replaceAll(/\s+/g, " ");
    },
  };
}

/** The cases of the benchmark. */
export const benchCases: readonly Case[] = [
  // The LR image of this set is black. A PSNR of 21.3 dB means that it was ignored and the truth was shrunk instead.
  set(
    "bench-lr-suffix",
    "its LR images are used, or refused",
    (code, text) => code !== 0 || !/bicubic[^\n]*\b21\.3/.test(text),
  ),
  set("bench-lr-size", "refused", (code) => code !== 0),
];
