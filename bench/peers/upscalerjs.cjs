// UpscalerJS in Node, as a process that bench/peers/upscalerjs.ts talks to.
//   node upscalerjs.cjs DIR MODEL                      pictures in on stdin, out on stdout
//   node upscalerjs.cjs DIR MODEL '{"width":128,...}'  prints one JSON line of times and memory
// A picture is its width and height (two 32-bit little-endian numbers) and its RGB bytes.
//
// The package's Node entry wants @tensorflow/tfjs-node, whose install script fetches a library that many machines
// cannot reach. The package @tensorflow/tfjs on its wasm backend (SIMD, one thread) takes its place here.

const Module = require("node:module");
const fs = require("node:fs");
const path = require("node:path");

const [, , folder, name, request] = process.argv;
const fromFolder = Module.createRequire(path.join(path.resolve(folder), "index.js"));
console.log = console.warn = console.info = console.error;

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (id, ...rest) {
  if (id === "@tensorflow/tfjs-node") return fromFolder.resolve("@tensorflow/tfjs");
  return resolveFilename.call(this, id, ...rest);
};

/** Reads a model's JSON and weights from disk, since tfjs itself only fetches. */
function fileHandler(url) {
  if (typeof url !== "string" || !url.startsWith("file://")) return null;
  const file = url.slice("file://".length);
  return {
    load() {
      const json = JSON.parse(fs.readFileSync(file, "utf8"));
      const manifest = json.weightsManifest;
      const shards = manifest.flatMap((group) => group.paths)
        .map((shard) => fs.readFileSync(path.join(path.dirname(file), shard)));
      const whole = Buffer.concat(shards);
      return Promise.resolve({
        ...json,
        weightSpecs: manifest.flatMap((group) => group.weights),
        weightData: whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.length),
      });
    },
  };
}

async function open() {
  const tf = fromFolder("@tensorflow/tfjs");
  const wasm = fromFolder("@tensorflow/tfjs-backend-wasm");
  tf.io.registerLoadRouter(fileHandler);
  wasm.setWasmPaths(path.dirname(fromFolder.resolve("@tensorflow/tfjs-backend-wasm")) + "/");
  await tf.setBackend("wasm");
  await tf.ready();
  process.chdir(folder); // the package looks its models up from here
  const Upscaler = fromFolder("upscaler/node");
  const upscaler = new Upscaler({ model: fromFolder(`@upscalerjs/${name}/4x`) });
  await upscaler.ready;
  return {
    async enlarge(width, height, rgb) {
      const input = tf.tensor3d(rgb, [height, width, 3], "int32");
      const output = await upscaler.execute(input, { output: "tensor" });
      const rounded = tf.tidy(() => output.clipByValue(0, 255).round());
      const data = await rounded.data();
      const [outHeight, outWidth] = rounded.shape;
      tf.dispose([output, rounded]);
      return { width: outWidth, height: outHeight, data: Uint8Array.from(data) };
    },
  };
}

async function servePictures({ enlarge }) {
  process.on("SIGINT", () => {}); // Ctrl-C reaches this process too; the bench ends it by closing stdin
  let waiting = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    waiting = Buffer.concat([waiting, chunk]);
    while (waiting.length >= 8) {
      const [width, height] = [waiting.readUInt32LE(0), waiting.readUInt32LE(4)];
      const end = 8 + 3 * width * height;
      if (waiting.length < end) break;
      const result = await enlarge(width, height, new Int32Array(waiting.subarray(8, end)));
      waiting = waiting.subarray(end);
      const head = Buffer.alloc(8);
      head.writeUInt32LE(result.width, 0);
      head.writeUInt32LE(result.height, 4);
      process.stdout.write(Buffer.concat([head, result.data]));
    }
  }
}

/** MiB; as bench/speed/memory.ts has it, and for its reasons. */
function peakMemory() {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS / 1024;
  const status = fs.readFileSync("/proc/self/status", "utf8");
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)[1]) / 1024;
}

async function measureSpeed({ enlarge }, load, { width, height, runs, longest }) {
  const rgb = Int32Array.from({ length: width * height * 3 }, (_, i) => (i * i) % 251);
  const clocked = async () => {
    const start = performance.now();
    await enlarge(width, height, rgb);
    return performance.now() - start;
  };
  const first = await clocked();
  const steady = [];
  const start = performance.now();
  while (steady.length < runs && (steady.length === 0 || performance.now() - start < longest)) {
    steady.push(await clocked());
  }
  const peak = peakMemory();
  process.stdout.write(JSON.stringify({ load, first, steady, peak }) + "\n");
}

(async () => {
  const start = performance.now();
  const upscaler = await open();
  if (!request) return await servePictures(upscaler);
  await measureSpeed(upscaler, performance.now() - start, JSON.parse(request));
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
