import type { Figures } from "../../bench/figures.ts";
import type { BenchRecord, Row } from "../../bench/record.ts";

/** Rows of one method, from the PSNR of each image at each seed. */
export function rows(
  method: string,
  psnr: number[][],
  digests = { methodDigest: "m", setDigest: "s" },
): Row[] {
  return psnr.map((bySeed, i) => ({
    method,
    set: "Set5x4",
    image: `p${i}`,
    samples: bySeed.map((psnrY, seed) => ({ seed, figures: { psnrY } })),
    together: (bySeed.length > 1 ? { diversity: i } : {}) as Figures,
    ...digests,
  }));
}

/** Two images by two methods, plus rows of older weights and of older files of the set. */
export const record = {
  sets: [{ key: "Set5x4", digest: "s" }],
  methods: [{ name: "a", digest: "m" }, { name: "b", digest: "m" }, { name: "idle", digest: "m" }],
  rows: [
    ...rows("a", [[20, 22], [30, 34]]),
    ...rows("b", [[20], [33]]),
    ...rows("a", [[1], [1]], { methodDigest: "older", setDigest: "s" }),
    ...rows("b", [[1], [1]], { methodDigest: "m", setDigest: "older" }),
  ],
  whole: [{ method: "a", set: "Set5x4", figures: { FID: 12.345 } }],
} as unknown as BenchRecord;
