import { expect } from "expect";
import { allCases, tryCase } from "../../tools/cases/main.ts";

const cases = new URL("../../../shared/data/cases", import.meta.url).pathname;
const present = await Deno.stat(cases).then(() => true, () => false);

for (const entry of allCases) {
  Deno.test({
    name: `case ${entry.id}: ${entry.wants}`,
    ignore: !present,
    fn: async () => {
      const { state, seen } = await tryCase(entry, await Deno.realPath(cases));
      expect([state, seen]).not.toEqual(["FAILED", seen]);
    },
  });
}
