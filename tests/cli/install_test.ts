import { expect } from "expect";
import { join } from "node:path";
import { inFolder } from "./_folder.ts";

const root = new URL("../../", import.meta.url).pathname;
const photo = join(root, "docs/coffee.png");
const { version } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));

async function run(program: string, args: string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    ...{ args, cwd, env: { NO_COLOR: "1" } },
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  expect([success, success ? "" : text]).toEqual([true, ""]);
  return text;
}

Deno.test(
  "a project that links the clone runs @srzoo/core/cli and its verbs, and writes an image",
  inFolder(async (folder) => {
    const project = { links: [root], nodeModulesDir: "none", lock: false };
    await Deno.writeTextFile(join(folder, "deno.json"), JSON.stringify(project));
    const command = ["run", "--quiet", "-A", "jsr:@srzoo/core/cli"];
    const flags = ["--model", "bicubic", photo, "-o", "large.png"];
    await run(Deno.execPath(), [...command, ...flags], folder);
    expect((await Deno.stat(join(folder, "large.png"))).size).toBeGreaterThan(10_000);
    const verbs = await run(Deno.execPath(), [
      ...command.slice(0, -1),
      "jsr:@srzoo/core/cli/zoo",
      "list",
    ], folder);
    expect(verbs).toMatch(/^id .*\n[^]*bicubic/);
    const help = await run(Deno.execPath(), [
      ...command.slice(0, -1),
      "jsr:@srzoo/core/cli/generate",
      "--help",
    ], folder);
    expect(help).toContain("--model");
  }),
);

Deno.test(
  "deno install makes a command from the clone",
  inFolder(async (folder) => {
    const install = ["install", "-g", "-A", "-n", "srzoo", "--config", "cli/deno.json"];
    await run(Deno.execPath(), [...install, "--root", folder, "cli/upscale.ts"], root);
    const command = join(folder, "bin", Deno.build.os === "windows" ? "srzoo.cmd" : "srzoo");
    expect((await run(command, ["--version"], folder)).trim()).toBe(version);
    await run(command, ["--model", "bicubic", photo, "-o", "large.png"], folder);
    expect((await Deno.stat(join(folder, "large.png"))).size).toBeGreaterThan(10_000);
  }),
);
