import { expect } from "expect";

const root = new URL("../../", import.meta.url);

/** Runs the task with options that make it fail. */
async function fail(...args: string[]): Promise<[code: number, said: string]> {
  return await run("task", "-q", "demo", ...args);
}

async function run(...args: string[]): Promise<[code: number, said: string]> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: root,
    env: { NO_COLOR: "1" },
  }).output();
  return [code, new TextDecoder().decode(stderr)];
}

Deno.test("demo says that its port is in use, and how to choose another", async () => {
  using taken = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = taken.addr;
  expect(await fail("--port", `${port}`)).toEqual([
    1,
    `demo: Cannot serve the page: port ${port} is in use. Give another by --port, or 0 for a free one\n`,
  ]);
});

Deno.test("demo --build names the folder that it cannot write", async () => {
  const file = await Deno.makeTempFile();
  const [code, said] = await fail("--build", file);
  await Deno.remove(file);
  expect([code, said.startsWith(`demo: Cannot write the page into ${file}: `)]).toEqual([1, true]);
});

Deno.test("demo says how to run it when Vite is not available", async () => {
  const [code, said] = await run("run", "-A", "cli/demo.ts", "--port", "0");
  expect(code).toBe(1);
  expect(said).toMatch(
    /^demo: Cannot build the page: [^\n]*vite[^\n]* Run it as "deno task demo"\n$/,
  );
});
