import { expect } from "expect";

/** System calls of a program that runs a graph as native code, with its own home folder. */
async function systemCalls(): Promise<{ calls: string[]; code: number }> {
  const home = await Deno.makeTempDir();
  const [trace, program] = [`${home}/trace`, `${home}/program.ts`];
  const providers = new URL("../../lib/runtime/providers.ts", import.meta.url).href;
  const graph = new URL("../fixtures/scale.onnx", import.meta.url).pathname;
  // ONNX Runtime 1.29 and 1.30 look up their server within the first second.
  await Deno.writeTextFile(
    program,
    `import { openSession } from "${providers}";
     const graph = { name: "scale", bytes: await Deno.readFile("${graph}") };
     await using session = await openSession(graph, { provider: "native", threads: 1 });
     const picture = { data: new Float32Array(48), dims: [1, 3, 4, 4] };
     for (let i = 0; i < 3; i++) {
       await session.run({ picture });
       await new Promise((resolve) => setTimeout(resolve, 700));
     }`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { denoDir } = JSON.parse(
    new TextDecoder().decode(
      (await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output()).stdout,
    ),
  );
  const deno = ["run", "--no-prompt", "--no-check", "--cached-only", "-R", "--allow-ffi"];
  const { code } = await new Deno.Command("strace", {
    args: [
      ...["-f", "-s", "256", "-e", "trace=openat,connect,sendto,mkdir,rename", "-o", trace],
      ...[Deno.execPath(), ...deno, "-c", config, program],
    ],
    env: {
      HOME: home,
      XDG_CACHE_HOME: `${home}/.cache`,
      DENO_DIR: denoDir,
      DENO_NO_UPDATE_CHECK: "1",
    },
    stdout: "null",
    stderr: "null",
  }).output();
  const calls = (await Deno.readTextFile(trace)).split("\n").filter((call) =>
    !call.includes(`"${denoDir}`)
  );
  await Deno.remove(home, { recursive: true });
  return { calls, code };
}

async function hasStrace(): Promise<boolean> {
  try {
    const args = ["-o", "/dev/null", Deno.execPath(), "--version"];
    return (await new Deno.Command("strace", { args, stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}

Deno.test({
  name: "native code sends nothing over the network and writes nothing (needs strace)",
  ignore: !await hasStrace(),
  async fn() {
    const { calls, code } = await systemCalls();
    expect(code).toBe(0);
    const network = calls.filter((call) => /AF_INET|sendto\(/.test(call));
    const written = calls.filter((call) =>
      /(O_WRONLY|O_RDWR|O_CREAT|mkdir\(|rename\()/.test(call) &&
      !/"\/(dev|proc|sys)\//.test(call)
    );
    expect([...network, ...written]).toEqual([]);
  },
});
