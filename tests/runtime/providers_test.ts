import { expect } from "expect";
import { ProviderError } from "../../lib/errors.ts";
import { openSession, openSessions } from "../../lib/runtime/providers.ts";
import { loadNative } from "../../lib/runtime/ort_node.ts";
import { graphDesk } from "../../lib/runtime/worker.ts";
import type { Provider } from "../../lib/runtime/session.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { readFixture } from "../contracts/session.ts";

const scale = { name: "scale", bytes: await readFixture("scale.onnx") };

Deno.test("openSessions() takes the first provider that works, and says what it tried", async () => {
  await using opened = await openSessions([scale], { threads: 1 });
  const before = opened.tried.map((attempt) => attempt.provider);
  expect([...before, opened.provider]).toEqual(["webgpu", "native"].slice(0, before.length + 1));
  for (const { reason } of opened.tried) expect(reason).toMatch(/adapter|navigator\.gpu/);
  expect(opened.threads).toBe(1);
});

Deno.test("openSessions() puts all graphs on one provider", async () => {
  const denoise = { name: "denoise", bytes: await readFixture("denoise.onnx") };
  await using opened = await openSessions([scale, denoise], { provider: "native" });
  const { sessions } = opened;
  const { out } = await sessions.scale.run({ picture: tensor([1, 3, 2, 2]) });
  const { eps } = await sessions.denoise.run({ x: out, t: tensor([1]) });
  expect(eps.dims).toEqual([1, 3, 4, 4]);
  await sessions.scale[Symbol.asyncDispose]();
  expect((await sessions.denoise.run({ x: out, t: tensor([1]) })).eps.dims).toEqual([1, 3, 4, 4]);
});

Deno.test("openSession() sends its thread a copy of the file, which the thread frees", async () => {
  const bytes = scale.bytes.slice();
  await using _ = await openSession({ name: "scale", bytes }, { provider: "native" });
  expect(bytes).toEqual(scale.bytes); // a thread that starts again needs them

  const desk = graphDesk({ native: loadNative });
  const graphs = [{ name: "scale", bytes }];
  await desk.open({ kind: "open", provider: "native", graphs, options: { threads: 1 } });
  expect(bytes.byteLength).toBe(0);
});

Deno.test("Session.run() gives the same outputs if a graph keeps no memory between its runs", async () => {
  const picture = tensor([1, 3, 2, 2], Float32Array.from({ length: 12 }, (_, i) => i / 7));
  const outputs = [];
  for (const isBrief of [false, true]) {
    await using session = await openSession({ ...scale, isBrief }, { provider: "native" });
    for (let i = 0; i < 2; i++) outputs.push((await session.run({ picture })).out);
  }
  for (const out of outputs) expect(out).toEqual(outputs[0]);
});

Deno.test("openSession() says for each provider why it failed", async () => {
  const junk = { name: "junk", bytes: new TextEncoder().encode("no network") };
  const error = await openSession(junk).catch((error) => error);
  expect(error).toBeInstanceOf(ProviderError);
  expect(error.tried.map((t: { provider: string }) => t.provider))
    .toEqual(["webgpu", "native", "wasm"]);
  expect(error.message).toMatch(/native \(.*protobuf.*\); wasm \(.*protobuf.*\)/);
});

Deno.test("openSession() refuses a provider that does not exist", async () => {
  await expect(openSession(scale, { provider: "cuda" as Provider }))
    .rejects.toThrow(/"cuda": choose one of webgpu, native, wasm/);
});

Deno.test("openSession() rejects with the signal's reason", async () => {
  const reason = new Error("enough");
  await expect(openSession(scale, { signal: AbortSignal.abort(reason), provider: "native" }))
    .rejects.toBe(reason);
  const controller = new AbortController();
  const opening = openSession(scale, { signal: controller.signal });
  controller.abort(reason);
  await expect(opening).rejects.toBe(reason);
});

/** Runs a program that opens a session, with these flags. */
async function runProgram(flags: string[], lines: string): Promise<{ code: number; text: string }> {
  const providers = new URL("../../lib/runtime/providers.ts", import.meta.url).href;
  const graph = new URL("../fixtures/denoise.onnx", import.meta.url).pathname;
  const program = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(
    program,
    `import { openSession } from "${providers}";
     const graph = { name: "denoise", bytes: await Deno.readFile("${graph}") };
     const inputs = {
       x: { data: new Float32Array(48), dims: [1, 3, 4, 4] },
       t: { data: new Float32Array(1), dims: [1] },
     };
     ${lines}`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-check", "-c", config, ...flags, program],
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(120_000),
  }).output();
  await Deno.remove(program);
  return { code, text: new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr) };
}

Deno.test("openSession() runs native code with the permissions read and ffi, without asking", async () => {
  const result = await runProgram(
    ["-R", "--allow-ffi"],
    `await using session = await openSession(graph, { provider: "native" });
     console.log((await session.run(inputs)).eps.dims.join());`,
  );
  expect(result).toEqual({ code: 0, text: "1,3,4,4\n" });
});

Deno.test("openSession() names the flag that native code lacks and wasm does not need", async () => {
  const result = await runProgram(
    ["-R"],
    `await using session = await openSession(graph, { provider: "wasm", threads: 1 });
     console.log(session.provider);
     await openSession(graph, { provider: "native" }).catch((error) => console.log(error.message));`,
  );
  expect(result.text).toMatch(/^wasm\nCannot run the model .*native \(.*--allow-ffi/);
  expect(result.code).toBe(0);
});

Deno.test("openSession() does not keep a process alive once it is idle, and works again later", async () => {
  const result = await runProgram(
    ["-R", "--allow-ffi"],
    `const session = await openSession(graph, { provider: "native", idle: 50 });
     await session.run(inputs);
     await new Promise((resolve) => setTimeout(resolve, 300));
     console.log((await session.run(inputs)).eps.dims.join());`,
  );
  expect(result).toEqual({ code: 0, text: "1,3,4,4\n" });
});
