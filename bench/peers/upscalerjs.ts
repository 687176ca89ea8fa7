/** The peer UpscalerJS, in a Node process of its own. @module */

import type { Image } from "../../lib/image/image.ts";
import { exists } from "../files.ts";
import type { Method } from "../methods/method.ts";
import { measureChain } from "../speed/chain.ts";
import type { SpeedFigures } from "../speed/row.ts";
import { median } from "../statistics.ts";

/** The x4 models that are measured, the fast one first. */
export const upscalerjsModels: readonly string[] = ["esrgan-slim", "esrgan-thick"];

/** What runs UpscalerJS, as named in the tables. */
export const UPSCALERJS_PROVIDER = "tfjs wasm";

const script = new URL("./upscalerjs.cjs", import.meta.url).pathname;

/**
 * Opens a model.
 *
 * @param folder Where the npm packages are installed (bench/README.md has the command).
 * @param model Such as `esrgan-slim`.
 * @throws {Error} If the package is not there, or Node is not.
 */
export async function upscalerjsMethod(folder: string, model: string): Promise<Method> {
  const version = await versionOf(folder, "upscaler");
  const digest = `upscaler ${version} ${model} ${await versionOf(folder, `@upscalerjs/${model}`)}`;
  await checkNode();
  let peer: Peer | undefined;
  return {
    name: peerName(model),
    scale: 4,
    generative: false,
    digest,
    facts: {
      kind: `UpscalerJS ${version}`,
      peer: model,
      provider: UPSCALERJS_PROVIDER,
      precision: "fp32",
    },
    async enlarge({ low }) {
      peer ??= startPeer(folder, model);
      try {
        return await peer.enlarge(low);
      } catch (error) {
        await peer.end();
        peer = undefined; // the next image gets a new process
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => await peer?.end(),
  };
}

/** The process of one model. */
interface Peer {
  enlarge(low: Image): Promise<Image>;
  end(): Promise<void>;
}

function startPeer(folder: string, model: string): Peer {
  const child = new Deno.Command("node", {
    args: [script, folder, model],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  const writer = child.stdin.getWriter();
  const reader = child.stdout.getReader();
  let rest = new Uint8Array();

  /** The next bytes that the process prints. */
  async function take(length: number): Promise<Uint8Array> {
    const parts = [rest];
    let have = rest.length;
    while (have < length) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`Cannot run UpscalerJS ${model}: ${reasonOf(await errors)}`);
      parts.push(value);
      have += value.length;
    }
    const whole = new Uint8Array(await new Blob(parts).arrayBuffer());
    rest = whole.slice(length);
    return whole.subarray(0, length);
  }

  return {
    async enlarge(low) {
      const send = async () => {
        await writer.write(new Uint8Array(new Uint32Array([low.width, low.height]).buffer));
        await writer.write(rgbOf(low));
      };
      send().catch(() => {}); // if the process has ended, take() throws
      const [width, height] = new Uint32Array((await take(8)).slice().buffer);
      return imageOf(width, height, await take(3 * width * height));
    },
    async end() {
      await writer.close().catch(() => {}); // it may have ended by itself
      await reader.cancel();
      await child.status;
    },
  };
}

/**
 * Measures a model at one size, on one thread, since the wasm backend uses no more in Node.
 *
 * @throws {Error} If the process fails.
 */
export async function measureUpscalerjs(
  folder: string,
  model: string,
  { width, height }: { width: number; height: number },
  signal: AbortSignal,
): Promise<SpeedFigures> {
  const request = JSON.stringify({ width, height, runs: 3, longest: 20_000 });
  const { success, stdout, stderr } = await new Deno.Command("node", {
    args: [script, folder, model, request],
    stdout: "piped",
    stderr: "piped",
    signal,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Cannot time UpscalerJS ${model}: ${reasonOf(text(stderr))}`);
  const { load, first, steady, peak } = JSON.parse(text(stdout).trim().split("\n").at(-1)!);
  return {
    method: peerName(model),
    provider: UPSCALERJS_PROVIDER,
    precision: "fp32",
    threads: 1,
    width,
    height,
    scale: 4,
    load,
    first,
    steady: median(steady),
    runs: steady.length,
    nfe: 1,
    chain: await measureChain("wasm", 1),
    unit: await measureChain("native"),
    peak,
  };
}

/** The name of a model in the tables. */
export function peerName(model: string): string {
  return `upscalerjs-${model}`;
}

async function versionOf(folder: string, name: string): Promise<string> {
  const path = `${folder}/node_modules/${name}/package.json`;
  if (!await exists(path)) {
    throw new Error(
      `Cannot measure UpscalerJS: ${path} is not there. bench/README.md says how to install it`,
    );
  }
  return JSON.parse(await Deno.readTextFile(path)).version;
}

async function checkNode(): Promise<void> {
  try {
    await new Deno.Command("node", { args: ["--version"], stdout: "null" }).output();
  } catch {
    throw new Error("Cannot run UpscalerJS: the command node is not there. Install Node.js");
  }
}

/** The line of the error output that says what went wrong. */
function reasonOf(output: string): string {
  const lines = output.trim().split("\n");
  return lines.find((line) => /error/i.test(line)) ?? lines.at(-1) ?? "it ended";
}

function rgbOf({ width, height, data }: Image): Uint8Array {
  const rgb = new Uint8Array(3 * width * height);
  for (let i = 0; i < width * height; i++) rgb.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return rgb;
}

function imageOf(width: number, height: number, rgb: Uint8Array): Image {
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) data.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i);
  return { width, height, data, channels: 3 };
}
