import { expect } from "expect";
import { TimeoutError } from "../../lib/calls.ts";
import { DecodeError, UnsupportedError } from "../../lib/errors.ts";
import { threadedCodec } from "../../lib/image/files/codecs/threaded.ts";
import { encodeImage } from "../../lib/image/files/encode.ts";
import { readImage } from "../../lib/image/files/read.ts";
import { letStart } from "../../lib/thread.ts";
import { gradient, testCodec } from "../contracts/codec.ts";

testCodec(threadedCodec());

const stuck = new URL("../fixtures/stuck_worker.ts", import.meta.url);
const image = gradient(20, 15, 3);

Deno.test("readImage() stops decoding when its signal aborts, and works afterwards", async () => {
  const codec = threadedCodec(stuck);
  const [webp, png] = [
    await encodeImage(image, { format: "webp" }),
    await encodeImage(image, { format: "png" }),
  ];
  for (let i = 0; i < 2; i++) {
    const abort = new AbortController();
    const reason = new Error("enough");
    const onSize = () => void setTimeout(() => abort.abort(reason), 100);
    const reading = readImage(webp, { codec, signal: abort.signal, onSize });
    await expect(reading).rejects.toBe(reason);
    expect((await readImage(png, { codec })).data).toEqual(image.data);
  }
});

Deno.test("readImage() refuses a file whose decoding takes too long", async () => {
  const codec = threadedCodec(stuck);
  const webp = await encodeImage(image, { format: "webp" });
  const reading = readImage(webp, { codec, timeout: 200 });
  await expect(reading).rejects.toThrow(UnsupportedError);
  await expect(reading).rejects.toThrow("did not answer within 0.2 s");
  await expect(codec.decode(webp as Uint8Array<ArrayBuffer>, "webp", { timeout: 100 }))
    .rejects.toThrow(TimeoutError);
});

Deno.test("threadedCodec() ends only the call that is aborted", async () => {
  const codec = threadedCodec(stuck);
  const png = await codec.encode(image, { format: "png" });
  const webp = await codec.encode(image, { format: "webp" });
  const abort = new AbortController();
  const calls = [
    codec.decode(png, "png"),
    codec.decode(webp, "webp", { signal: abort.signal }),
    codec.decode(png, "png"),
    codec.encode(image, { format: "jpeg", quality: 90 }),
  ];
  await calls[0];
  abort.abort(new Error("enough"));
  const outcomes = (await Promise.allSettled(calls)).map(({ status }) => status);
  expect(outcomes).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});

Deno.test("threadedCodec() ends its thread when it is idle, and starts another when needed", async () => {
  let begun = 0, ended = 0;
  letStart((script) => {
    begun++;
    const worker = new Worker(script, { type: "module" });
    return {
      post: (message, transfer = []) => worker.postMessage(message, transfer as Transferable[]),
      listen: (onMessage) => void (worker.onmessage = ({ data }) => onMessage(data)),
      end() {
        ended++;
        worker.terminate();
      },
      hold() {},
    };
  });
  try {
    const codec = threadedCodec(undefined, 1);
    const png = await codec.encode(image, { format: "png" });
    for (let i = 1; i <= 2; i++) {
      expect((await codec.decode(png, "png")).data).toEqual(image.data);
      while (ended < i) await new Promise((done) => setTimeout(done, 5));
      expect([begun, ended]).toEqual([i, i]);
    }
  } finally {
    letStart();
  }
});

Deno.test("threadedCodec() works on the calling thread if its script cannot be loaded", async () => {
  const codec = threadedCodec(`data:text/javascript,throw new Error("no such script")`);
  for (let i = 0; i < 2; i++) {
    for (const format of ["png", "webp"] as const) {
      const bytes = await codec.encode(image, { format });
      expect((await codec.decode(bytes, format)).data).toEqual(image.data);
      const cut = bytes.slice(0, bytes.length >> 1);
      await expect(readImage(cut, { codec })).rejects.toThrow(DecodeError);
    }
  }
});

Deno.test("threadedCodec() does not change the bytes and pixels that it is given", async () => {
  const codec = threadedCodec();
  const bytes = new Uint8Array(await codec.encode(image, { format: "jpeg", quality: 80 }));
  const copies = [bytes.slice(), image.data.slice()];
  await codec.decode(bytes, "jpeg");
  const part = new Uint8Array([1, 2, ...bytes, 3]).subarray(2, 2 + bytes.length);
  expect((await codec.decode(part, "jpeg")).width).toBe(20);
  expect([bytes, image.data]).toEqual(copies);
});

Deno.test("encodeImage() rejects when its signal aborts, in every format", async () => {
  const large = gradient(900, 700, 3);
  for (const format of ["png", "jpeg", "webp"] as const) {
    const abort = new AbortController();
    const reason = new Error("enough");
    const writing = encodeImage(large, { format, signal: abort.signal });
    setTimeout(() => abort.abort(reason));
    await expect(writing).rejects.toBe(reason);
  }
});

Deno.test("a process exits after readImage(), even though the codec's thread is still waiting", async () => {
  const program = `
    import { readImage } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
    const image = await readImage("docs/coffee.png");
    const done = performance.now();
    addEventListener("unload", () => console.log(image.width, performance.now() - done < 9000));
  `;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", "--ext=ts", program],
    cwd: new URL("../../", import.meta.url),
  }).output();
  expect(new TextDecoder().decode(stdout)).toBe("150 true\n");
});
