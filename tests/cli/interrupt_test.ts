import { expect } from "expect";
import { join } from "node:path";
import { readImage } from "../../mod.ts";
import { filesBelow, inFolder } from "./_folder.ts";
import { program, writePicture } from "./_pictures.ts";

const tiny = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;

/** Starts `cli/upscale.ts` and sends a signal as soon as it has reported `event`. */
async function toldUntilKilled(
  args: string[],
  signal: Deno.Signal,
  event: RegExp,
  command: readonly string[] = [Deno.execPath()],
): Promise<{ code: number; text: string }> {
  const [first, ...rest] = command;
  const child = new Deno.Command(first, {
    args: [...rest, "run", "--quiet", "--no-check", "-A", program, "--json", ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const decoder = new TextDecoder();
  let told = "", sent = false;
  for await (const part of child.stdout) {
    told += decoder.decode(part, { stream: true });
    if (sent || !event.test(told)) continue;
    child.kill(signal);
    sent = true;
  }
  expect([told, sent]).toEqual([told, true]);
  return { code: (await child.status).code, text: told };
}

async function killed(...args: Parameters<typeof toldUntilKilled>): Promise<number> {
  return (await toldUntilKilled(...args)).code;
}

/** Checks that the images decode, which half-written ones do not. */
async function expectWhole(folder: string, names: string[]): Promise<void> {
  for (const name of names) {
    const { width, height } = await readImage(await Deno.readFile(join(folder, name)));
    expect([name, width, height]).toEqual([name, 1200, 800]);
  }
}

Deno.test(
  "upscale leaves nothing half-written when it is interrupted, and exits with code 130",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 200, 150);
    const args = ["--model", tiny, "--steps", "50", "--out", join(folder, "out"), folder];
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      expect(await killed(args, signal, /"phase":"sample"/)).toBe(130);
      await expect(Deno.stat(join(folder, "out"))).rejects.toThrow(Deno.errors.NotFound);
    }
  }),
);

Deno.test(
  "upscale continues under nohup when its terminal hangs up",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    for (const name of ["a", "b", "c"]) await writePicture(join(folder, `${name}.png`), 40, 30);
    const args = ["--model", "bicubic", "--out", join(folder, "out"), folder];
    const under = ["nohup", Deno.execPath()];
    const { code, text } = await toldUntilKilled(args, "SIGHUP", /"event":"start"/, under);
    expect(code).toBe(0);
    expect(text).toContain('"event":"summary","done":3');
  }),
);

Deno.test(
  "upscale leaves only whole images when it is killed at any moment",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const names = Array.from({ length: 5 }, (_, i) => `${i}.png`);
    for (const name of names) await writePicture(join(folder, name), 300, 200);
    const out = join(folder, "out");
    for (const done of [1, 2, 3]) {
      const seen = new RegExp(`("done"[^]*){${done}}`);
      await killed(["--model", "bicubic", "--out", out, folder], "SIGKILL", seen);
      const left = (await filesBelow(out)).filter((name) => !name.startsWith(".srzoo-"));
      expect(left.length).toBeGreaterThanOrEqual(done);
      await expectWhole(out, left);
    }
    const code = await killed(["--model", "bicubic", "--out", out, folder], "SIGINT", /"done"/);
    expect(code).toBe(130);
    await expectWhole(out, (await filesBelow(out)).filter((name) => !name.startsWith(".srzoo-")));
  }),
);

Deno.test(
  "upscale ends when it is interrupted while it decodes, enlarges without a network, or encodes",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const [large, out] = [join(folder, "a.png"), join(folder, "out")];
    await writePicture(large, 2400, 1800);
    const moments: [RegExp, RegExp][] = [
      [/"start"/, /"progress"|"done"/],
      [/"plan"/, /"done"/],
      [/"phase":"finish".*"fraction":1/, /"done"/],
    ];
    for (const [moment, tooLate] of moments) {
      const args = ["--model", "bicubic", "--quiet", "--format", "webp", "--out", out, large];
      const told = await toldUntilKilled(args, "SIGTERM", moment);
      expect([moment, told.code]).toEqual([moment, 130]);
      expect(told.text).not.toMatch(tooLate);
      await expect(Deno.stat(out)).rejects.toThrow(Deno.errors.NotFound);
    }
  }),
);

Deno.test(
  "generate ends when it is interrupted, with nothing half-written",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const free = new URL("../fixtures/zoo/ddpm-free-tiny", import.meta.url).pathname;
    const generate = new URL("../../cli/generate.ts", import.meta.url).pathname;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      const child = new Deno.Command(Deno.execPath(), {
        args: [
          ...["run", "--quiet", "--no-check", "-A", generate, "--model", free, "--samples", "60"],
          ...["--steps", "20", "-o", join(folder, "a.png")],
        ],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
      const decoder = new TextDecoder();
      let told = "";
      for await (const part of child.stderr) {
        if (told === "") child.kill(signal); // as soon as the first image is drawn
        told += decoder.decode(part, { stream: true });
      }
      expect([(await child.status).code, told]).toEqual([130, expect.stringMatching(/image 1/)]);
      expect(told).toMatch(/interrupted: all written files are complete/);
      expect(await filesBelow(folder)).toEqual([]);
    }
  }),
);

Deno.test(
  "zoo ends when it is interrupted while it waits for a server",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const zoo = new URL("../../cli/zoo.ts", import.meta.url).pathname;
    const asked = Promise.withResolvers<void>();
    const closing = new AbortController();
    const server = Deno.serve({
      ...{ hostname: "127.0.0.1", port: 0, onListen() {}, signal: closing.signal },
    }, () => {
      asked.resolve();
      return new Promise<Response>(() => {}); // never
    });
    const start = (...args: string[]) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", "-A", zoo, ...args],
        env: { SRZOO_CACHE: join(folder, "cache") },
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    const waiting = start("--zoo", `http://127.0.0.1:${server.addr.port}/`, "list");
    await asked.promise;
    waiting.kill("SIGTERM");
    expect((await waiting.output()).code).toBe(130);
    closing.abort();
    await server.finished;
  }),
);
