/** Hostile cards, graphs, archives and servers. @module */

import { pythonCommand } from "../../train/environment.ts";
import { namesIn } from "../folder.ts";
import { type Case, type Place, want } from "./case.ts";
import { deno, lineOf, run } from "./process.ts";

const UPSCALE = "cli/upscale.ts";

/** `zoo check` and a run must both refuse a card, with one line, within 30 s and 2.5 GB. */
function card(name: string, id: string): Case {
  return {
    id: `${id} ${name}`,
    wants: "an error that says what is wrong",
    needs: [`attacks/cards/${name}`],
    async run({ cases, work, root }) {
      const model = `${cases}/attacks/cards/${name}`;
      const limits = { seconds: 30, megabytes: 2500 };
      const checked = await deno(root, ["cli/zoo.ts", "check", "--no-measure", model], limits);
      want(checked.code === 1 && !/is valid/.test(checked.text), `zoo check: ${lineOf(checked)}`);
      const args = [UPSCALE, "--model", model, `${root}/docs/coffee.png`, "-o", `${work}/x.png`];
      const ran = await deno(root, args, limits);
      want(ran.code !== 0, "it was used");
      for (const { text } of [checked, ran]) {
        want(!/TypeError|Cannot read properties|\n {4}at /.test(text), text.slice(0, 100));
      }
      return lineOf(ran);
    },
  };
}

/** A card with escape sequences in its text: it may be used, but none may reach the terminal. */
const ansi: Case = {
  id: "F15 c-desc-ansi",
  wants: "no escape sequence reaches the terminal",
  needs: ["attacks/cards/c-desc-ansi"],
  async run({ cases, work, root }) {
    const model = `${cases}/attacks/cards/c-desc-ansi`;
    const ran = [
      await deno(root, ["cli/zoo.ts", "check", "--no-measure", model]),
      await deno(root, [
        UPSCALE,
        "--model",
        model,
        `${root}/docs/coffee.png`,
        "-o",
        `${work}/x.png`,
      ]),
    ];
    // deno-lint-ignore no-control-regex -- it looks for control characters
    const steering = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;
    want(!ran.some(({ text }) => steering.test(text)), "it does");
    return lineOf(ran[1]);
  },
};

const endless: Case = {
  id: "g-loop",
  wants: "SIGTERM ends a graph that never returns",
  needs: ["attacks/cards/g-loop"],
  async run({ cases, work, root }) {
    const args = [UPSCALE, "--model", `${cases}/attacks/cards/g-loop`, `${root}/docs/coffee.png`];
    const limits = { seconds: 30, stopAfter: 5 };
    const ran = await deno(root, [...args, "-o", `${work}/x.png`], limits);
    want(ran.code !== 0, "it returned");
    return `exit code ${ran.code} after ${ran.seconds.toFixed(1)} s`;
  },
};

/** Names that lead out of an entry's folder. */
const traversal: Case = {
  id: "F01",
  wants: "publish refuses names that lead out of the folder",
  needs: ["attacks/publish-traversal/attacker/zoo"],
  async run({ cases, work, root }) {
    await Deno.mkdir(`${work}/victim/zoo`, { recursive: true });
    await Deno.mkdir(`${work}/victim/cli`);
    await Deno.writeTextFile(`${work}/victim/zoo/index.yml`, "[]\n");
    await Deno.writeTextFile(`${work}/victim/cli/upscale.ts`, "// original\n");
    const attackers = `${cases}/attacks/publish-traversal/attacker/zoo`;
    let refused = 0;
    for await (const { name } of Deno.readDir(attackers)) {
      const args = ["cli/zoo.ts", "publish", `${attackers}/${name}`, "--to", `${work}/victim/zoo`];
      const { code } = await deno(root, args);
      want(code === 1, `${name} is published`);
      refused++;
    }
    const left = await Deno.readTextFile(`${work}/victim/cli/upscale.ts`);
    want(left === "// original\n", "a file outside of the zoo is overwritten");
    return `${refused} refused`;
  },
};

/** Calls `use` while the hostile server runs on a port. */
async function withServer<T>(
  { cases, work, root }: Place,
  port: number,
  use: () => Promise<T>,
): Promise<T> {
  await Deno.mkdir(`${work}/logs`);
  await Deno.symlink(root, `${work}/srzoo`);
  const text = await Deno.readTextFile(`${cases}/attacks/scripts/server.py`);
  await Deno.writeTextFile(`${work}/server.py`, text.replaceAll("/tmp/srzoo-attack", work));
  const server = new Deno.Command("python3", {
    args: [`${work}/server.py`, `${port}`, "120"],
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    for (let tries = 0; tries < 50; tries++) {
      const up = await fetch(`http://127.0.0.1:${port}/base/model.yml`)
        .then((answer) => answer.text()).then(() => true, () => false);
      if (up) break;
      await new Promise((done) => setTimeout(done, 100));
    }
    return await use();
  } finally {
    server.kill("SIGKILL");
    await server.status;
  }
}

/** A server that never stops sending. */
function flood(kind: string, port: number): Case {
  return {
    id: `F08 ${kind}`,
    wants: "a limit of size, known before the download",
    needs: ["attacks/scripts/server.py"],
    run: (place) =>
      withServer(place, port, async () => {
        const model = `http://127.0.0.1:${port}/${kind}/model.yml`;
        const cache = `${place.work}/cache`;
        const args = [UPSCALE, "--model", model, `${place.root}/docs/coffee.png`];
        const ran = await deno(place.root, [...args, "-o", `${place.work}/x.png`], {
          env: { SRZOO_CACHE: cache },
          seconds: 60,
          megabytes: 1500,
        });
        want(ran.code !== 0, "it was used");
        want(ran.megabytes < 900, `took ${Math.round(ran.megabytes)} MB`);
        let stored = 0;
        for (const name of await namesIn(cache)) {
          stored += (await Deno.stat(`${cache}/${name}`)).size;
        }
        want(stored < 100e6, `${Math.round(stored / 1e6)} MB in the cache`);
        return lineOf(ran);
      }),
  };
}

const race: Case = {
  id: "F07",
  wants: "two processes with one empty cache both work",
  needs: ["attacks/scripts/server.py"],
  run: (place) =>
    withServer(place, 18531, async () => {
      const { root, work } = place;
      const model = "http://127.0.0.1:18531/g-slowok/model.yml";
      const each = [0, 700].map(async (wait, i) => {
        await new Promise((done) => setTimeout(done, wait));
        const args = [
          UPSCALE,
          "--model",
          model,
          `${root}/docs/coffee.png`,
          "-o",
          `${work}/${i}.png`,
        ];
        return await deno(root, args, { env: { SRZOO_CACHE: `${work}/cache` }, seconds: 90 });
      });
      const ran = await Promise.all(each);
      const failed = ran.find(({ code }) => code !== 0);
      want(failed === undefined, failed ? lineOf(failed) : "");
      return "2 of 2 processes";
    }),
};

/** The Python importer must refuse a checkpoint with one line. */
function checkpoint(file: string): Case {
  return {
    id: `F13 ${file}`,
    wants: "one line",
    needs: [`attacks/train/${file}`],
    async run({ cases, work, root }) {
      const command = [
        ...await pythonCommand(),
        "-m",
        "srzoo_train.import_checkpoint",
        `${cases}/attacks/train/${file}`,
        "--out",
        `${work}/x`,
      ];
      const ran = await run(command, {
        cwd: `${root}/train`,
        env: { PYTHONPATH: `${root}/train`, OMP_NUM_THREADS: "1" },
        seconds: 90,
        megabytes: 2500,
      });
      want(ran.code !== 0, "it was imported");
      want(!/Traceback/.test(ran.text), ran.text.trim().split("\n").at(-1)!.slice(0, 100));
      return ran.text.trim().split("\n").at(-1)!.slice(0, 110);
    },
  };
}

/** A TypeScript script that imports the library from its parent folder, run on this checkout instead. */
function program(
  id: string,
  file: string,
  wants: string,
  isRight: (text: string) => boolean,
): Case {
  return {
    id,
    wants,
    needs: [`attacks/scripts/atk/${file}`],
    async run({ cases, work, root }) {
      const text = (await Deno.readTextFile(`${cases}/attacks/scripts/atk/${file}`))
        .replaceAll("/tmp/srzoo-attack", work)
        .replaceAll('"../lib/zoo/mod.ts"', `"${root}/lib/zoo/mod.ts"`)
        .replaceAll("../mod.ts", `${root}/mod.ts`)
        .replace(
          `import { publish } from "${root}/lib/zoo/mod.ts"`,
          `import { publish } from "${root}/cli/zoo/publish.ts"`,
        );
      await Deno.writeTextFile(`${work}/${file}`, text);
      const command = ["run", "-A", "--quiet", "--no-check", "--config", `${root}/deno.json`];
      const ran = await run([Deno.execPath(), ...command, `${work}/${file}`], { seconds: 60 });
      want(isRight(ran.text), ran.text.trim().split("\n").at(-1)!.slice(0, 110));
      return ran.text.trim().split("\n").at(-1)!.slice(0, 110);
    },
  };
}

/** A card of so many keys that comparing each with every other would hang. */
const longCard: Case = {
  id: "F10",
  wants: "a limit of size",
  needs: [],
  async run({ work, root }) {
    await Deno.mkdir(`${work}/card`);
    const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1\n`).join("");
    await Deno.writeTextFile(`${work}/card/model.yml`, keys);
    const ran = await deno(root, ["cli/zoo.ts", "check", "--no-measure", `${work}/card`], {
      seconds: 15,
    });
    want(ran.code === 1, lineOf(ran));
    return lineOf(ran);
  },
};

/** The cases of hostile cards, graphs, archives and servers. */
export const attackCases: readonly Case[] = [
  traversal,
  ...["g-identity", "g-scale2", "g-scale8", "g-rank1", "g-wrong-out", "g-protoout", "c-scale16"]
    .map((name) => card(name, "F05")),
  ...["u-devzero", "s-devzero", "s-fifo"].map((name) => card(name, "F08")),
  ...["c-min20000", "c-timesteps1e9"].map((name) => card(name, "F09")),
  ...["c-graph-toString", "c-training-ctor", "c-laughs", "c-lastforced-5"]
    .map((name) => card(name, "F15")),
  ansi,
  endless,
  race,
  flood("endless-card", 18541),
  flood("gz-card", 18551),
  flood("f-endless", 18561),
  longCard,
  program(
    "F14",
    "pub.ts",
    "4 publishes at once lose no entry",
    (text) => / times: 0 times a published entry is missing/.test(text),
  ),
  ...["ms-neg.ckpt", "ms-zero.ckpt", "rrdb-nf3000.pth", "rrdb-nf1e5.pth"].map(checkpoint),
];
