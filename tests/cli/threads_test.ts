import { expect } from "expect";
import { type StartForAnother, threadBy } from "../../cli/line.ts";
import { Threads } from "../../cli/threads.ts";
import { letStart, startThread } from "../../lib/thread.ts";

/** The next message of a thread; rejects with its error. */
function answerOf(thread: ReturnType<typeof startThread>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thread.listen(resolve, (message) => reject(new Error(message)));
  });
}

Deno.test("Threads starts the threads that another thread asks for, passes them their ports, and ends them", async () => {
  const threads = new Threads();
  const ended: number[] = [], broken: string[] = [];
  let count = 0;
  const start: StartForAnother = (script, port, onError) => {
    const id = count++;
    threads.grant({ kind: "start", id, script, port }, (_, message) => onError(message));
    return () => {
      threads.grant({ kind: "terminate", id }, (_, message) => broken.push(message));
      ended.push(id);
    };
  };
  letStart((script) => threadBy(start, script));
  try {
    const [first, second] = [startThread(), startThread()];
    const answers = [answerOf(first), answerOf(second)];
    first.post({ kind: "greet" });
    second.post({ kind: "greet" });
    expect(await Promise.all(answers)).toEqual([{ kind: "greeting" }, { kind: "greeting" }]);

    const pixels = new Uint8ClampedArray(4 * 6).fill(9).buffer;
    const image = { width: 3, height: 2, channels: 3, data: pixels };
    const encoded = answerOf(first);
    first.post({ kind: "encode", image, options: { format: "png" } }, [pixels]);
    expect(pixels.byteLength).toBe(0); // moved, not copied
    expect(await encoded).toMatchObject({ kind: "encoded", bytes: expect.any(ArrayBuffer) });

    const failed = answerOf(first);
    first.post({ kind: "encode", image: undefined, options: { format: "png" } });
    expect(await failed).toMatchObject({ kind: "failed" });
    first.end();
    second.end();
    expect([ended, broken]).toEqual([[0, 1], []]);
  } finally {
    letStart();
  }
});

Deno.test("Threads reports a thread that cannot be started", async () => {
  const { port1, port2 } = new MessageChannel();
  const told = new Promise((resolve) => {
    const script = new URL("no_such_worker.js", import.meta.url).href;
    const wish = { kind: "start", id: 7, script, port: port2 } as const;
    new Threads().grant(wish, (id, message) => resolve([id, message]));
  });
  expect(await told).toEqual([7, expect.any(String)]);
  port1.close();
});
