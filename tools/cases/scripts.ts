/** Scripts of what users did: folders, pipes, results of earlier runs, two downloads at once. @module */

import { namesIn } from "../folder.ts";
import { type Case, want } from "./case.ts";
import { deno, script } from "./process.ts";

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

/** The cases that are shell scripts. */
export const scriptCases: readonly Case[] = [
  {
    id: "folder-scan",
    wants: "all other images done, one error that names the entry, exit code 1",
    needs: ["scripts/folder-scan.sh"],
    async run(place) {
      const { text } = await script(`${place.cases}/scripts/folder-scan.sh`, place);
      const scan = `${place.work}/srzoo-repro/scan`;
      for (const kind of ["long", "loop", "latin1", "fifo"]) {
        want(text.includes(`${kind} rc=1`), `${kind}: another exit code`);
        const folder = kind === "long" ? `${scan}/long` : `${scan}/out-${kind}`;
        const done = (await namesIn(folder)).filter((name) =>
          /^[az](-bicubic-x4)?\.png$/.test(name)
        );
        want(done.length === (kind === "long" ? 4 : 2), `${kind}: ${done.join(" ")}`);
      }
      want(count(text, /^error: /gm) === 4, `${count(text, /^error: /gm)} errors`);
      return "4 folders, one error each";
    },
  },
  {
    id: "own-results",
    wants: "only the originals are enlarged, or own results are named as skipped",
    needs: ["scripts/own-results.sh"],
    async run(place) {
      await script(`${place.cases}/scripts/own-results.sh`, place);
      const found = await namesIn(`${place.work}/srzoo-repro/own`);
      const wanted = "coffee-bicubic-x4.png coffee-regression-x4.png coffee.png";
      want(found.join(" ") === wanted, found.join(" "));
      return "coffee.png alone is enlarged";
    },
  },
  {
    id: "pipe",
    wants: "an image, as with -",
    needs: ["scripts/pipe.sh"],
    async run(place) {
      const { text } = await script(`${place.cases}/scripts/pipe.sh`, place);
      want(count(text, /rc=0/g) === 3, `${count(text, /rc=0/g)} of 3 worked`);
      return "3 of 3 pipes";
    },
  },
  {
    id: "cache-race",
    wants: "both work",
    needs: ["scripts/cache-race.sh", "scripts/slow.ts"],
    async run(place) {
      const ran = await script(`${place.cases}/scripts/cache-race.sh`, place, { seconds: 180 });
      const worked = count(ran.text, /^fulfilled/gm);
      want(worked === 2, `${worked} of 2: ${ran.text.match(/rejected.*/)?.[0] ?? ran.text}`);
      return "2 of 2 loads";
    },
  },
  {
    id: "F06",
    wants: "one error for one file",
    needs: ["attacks/cli/repro.sh"],
    async run(place) {
      const path = `${place.cases}/attacks/cli/repro.sh`;
      const { text } = await script(path, place, { seconds: 300 });
      const done = count(text, /^[^\n]* -> [^\n]*\.png \(/gm);
      const errors = count(text, /^error: /gm);
      want(!/rc=1(24|37)/.test(text), "a part of it hung");
      want(errors === 4 && done >= 7, `${done} done, ${errors} errors`);
      return `${done} done, ${errors} errors`;
    },
  },
  {
    id: "F02",
    wants: "skipped in milliseconds",
    needs: ["attacks/images/svg-redos2.bin", "attacks/images/redos-26.bin"],
    async run({ cases, work, root }) {
      await Deno.mkdir(`${work}/in`);
      for (const name of ["svg-redos2.bin", "redos-26.bin"]) {
        await Deno.copyFile(`${cases}/attacks/images/${name}`, `${work}/in/${name}`);
      }
      await Deno.copyFile(`${root}/docs/coffee.png`, `${work}/in/a.png`);
      const args = ["cli/upscale.ts", "--model", "bicubic", "--out", `${work}/out`, `${work}/in`];
      const { code, text, seconds } = await deno(root, args, { seconds: 20 });
      want(code === 0 && /1 done, 2 skipped/.test(text), text.trim().split("\n").at(-1)!);
      return `skipped; the run took ${seconds.toFixed(1)} s`;
    },
  },
];
