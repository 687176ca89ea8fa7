import { expect } from "expect";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { filesBelow, inFolder } from "./_folder.ts";
import { writePicture } from "./_pictures.ts";

const root = new URL("../../", import.meta.url).pathname;
const tiny = join(root, "tests/fixtures/zoo/srdiff-tiny");

/** The code block below a title of docs/scale.md. */
async function block(title: string): Promise<string> {
  const text = await Deno.readTextFile(join(root, "docs/scale.md"));
  return text.split(`## ${title}\n`)[1].match(/```\w+\n([^]*?)```/)![1];
}

/** Runs a command of the document with a tiny entry, which takes only a moment. */
async function bash(code: string, env: Record<string, string>): Promise<void> {
  const line = code.replaceAll("--model srdiff ", `--model ${tiny} `);
  expect(line).not.toBe(code);
  const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
  const { code: exit, stderr } = await new Deno.Command("bash", {
    args: ["-c", line],
    cwd: root,
    env: { ...env, PATH: path },
  }).output();
  expect([exit, exit === 0 ? "" : new TextDecoder().decode(stderr)]).toEqual([0, ""]);
}

Deno.test(
  "the commands of docs/scale.md give the same files as one process",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    const input = join(folder, "in");
    await Deno.mkdir(join(input, "deep"), { recursive: true });
    for (let i = 0; i < 8; i++) {
      await writePicture(join(input, i % 3 ? `${i}.png` : `deep/${i}.jpg`), 12 + i, 16);
    }
    const places = (name: string) => ({ IN: input, OUT: join(folder, name) });
    const job = parse(await block("Kubernetes")).spec;
    const [container] = job.template.spec.containers;
    const slurm = await block("Slurm");
    const shares = [1, 2, 3, 4];
    expect(job.completions).toBe(shares.length);
    expect(slurm).toContain(`--array=1-${shares.length}\n`);

    const one = container.args[0].replace(/--shard \S+ /, "");
    await bash(one, places("one"));
    for (const share of shares) {
      const index = { JOB_COMPLETION_INDEX: `${share - 1}` };
      // Two of the ways at a time.
      await Promise.all([
        bash(container.args[0], { ...places("kubernetes"), ...index }),
        bash(slurm, { ...places("slurm"), SLURM_ARRAY_TASK_ID: `${share}` }),
      ]);
    }
    await bash(await block("One machine"), places("processes"));

    const names = await filesBelow(join(folder, "one"));
    expect(names.length).toBe(8);
    for (const way of ["kubernetes", "slurm", "processes"]) {
      expect([way, await filesBelow(join(folder, way))]).toEqual([way, names]);
      for (const name of names) {
        const bytes = await Deno.readFile(join(folder, way, name));
        expect([way, name, bytes]).toEqual([
          way,
          name,
          await Deno.readFile(join(folder, "one", name)),
        ]);
      }
    }
  }),
);
