import { expect } from "expect";
import type { Case } from "../../tools/replay/case.ts";
import { type Comparison, passes } from "../../tools/replay/comparison.ts";
import { readNpz } from "../../tools/npz.ts";
import { replayOf } from "../../tools/replay/replays.ts";

const vectors = new URL("../../../shared/vectors/", import.meta.url);
const absent = await Deno.stat(vectors).then(() => false, () => true);

async function caseIn(name: string): Promise<Case> {
  const folder = new URL(`${name}/`, vectors);
  return {
    config: JSON.parse(await Deno.readTextFile(new URL("config.json", folder))),
    arrays: readNpz(await Deno.readFile(new URL("io.npz", folder))),
    openEntry: () => Promise.reject(new Error("this case has no checkpoint")),
  };
}

async function compared(recorded: Case): Promise<Comparison[]> {
  return await Array.fromAsync(replayOf(recorded).compare(recorded));
}

for (const [name, count] of [["schedules", 15], ["preprocessing", 23]] as const) {
  Deno.test({
    name: `replayOf() agrees with the recorded ${name}`,
    ignore: absent,
    fn: async () => {
      const found = await compared(await caseIn(name));
      expect(found.length).toBe(count);
      expect(found.filter((comparison) => !passes(comparison))).toEqual([]);
    },
  });

  Deno.test({
    name: `replayOf() finds a change in the recorded ${name}`,
    ignore: absent,
    fn: async () => {
      const recorded = await caseIn(name);
      const last = Object.keys(recorded.arrays).at(-1)!;
      recorded.arrays[last].data[3] += 1;
      expect((await compared(recorded)).filter((comparison) => !passes(comparison))).toHaveLength(
        1,
      );
    },
  });
}

Deno.test("replayOf() refuses a system that it does not know, by name", () => {
  expect(() => replayOf({ config: { system: "ESRGAN" }, arrays: {} })).toThrow('"ESRGAN"');
  expect(() => replayOf({ config: {}, arrays: { lr: { dims: [0], data: new Float64Array() } } }))
    .toThrow("this version replays SRDiff");
});
