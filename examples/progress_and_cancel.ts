/**
 * Shows how far the work is, and ends it after so many seconds:
 *
 *     deno run -A examples/progress_and_cancel.ts docs/coffee.png 60
 */

import { load } from "jsr:@srzoo/core";

const [input, seconds] = Deno.args;
const signal = AbortSignal.timeout(1000 * Number(seconds));
await using upscaler = await load("srdiff", { signal });
try {
  const { images } = await upscaler.upscale(input, {
    signal,
    onProgress: ({ fraction, phase }) => console.log(`${Math.round(100 * fraction)} % (${phase})`),
  });
  console.log(`done: ${images[0].width}x${images[0].height}`);
} catch (error) {
  if (!signal.aborted) throw error;
  console.log(`not done within ${seconds} s`);
}
