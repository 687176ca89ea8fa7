import { expect } from "expect";
import { soak } from "../../tools/soak/main.ts";
import { grown } from "../../tools/soak/usage.ts";

Deno.test(
  "soak() finds no fault in a short run",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const model = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
    const lines: string[] = [];
    const counts = { upscales: 60, aborts: 20, kills: 3, seed: 5 };
    const wrong = await soak({ ...counts, model, provider: "native" }, (line) => lines.push(line));
    expect([wrong, lines]).toEqual([[], lines]);
    const isCount = (line: string) => !line.endsWith("...");
    expect(lines.filter(isCount).map((line) => line.split(":")[0]))
      .toEqual(["seed 5", "60 upscales", "  early", "  late", "20 aborts", "3 kills"]);
  },
);

Deno.test("grown() names the amounts that grew by more than allowed", () => {
  const early = { resident: 200, heap: 12, external: 3, files: 20, threads: 9 };
  expect(grown(early, { ...early, resident: 259, heap: 17.9, files: 22 }, 60)).toEqual([]);
  const late = { resident: 270, heap: 80, external: 70, files: 40, threads: 30 };
  expect(grown(early, late, 60).map((line) => line.match(/holds (.*) than/)![1])).toEqual([
    ...["70.0 more MB of resident memory", "68.0 more MB of objects", "67.0 more MB of buffers"],
    ...["20.0 more files", "21.0 more threads"],
  ]);
});
