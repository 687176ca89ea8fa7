import { expect } from "expect";
import { soak } from "../../tools/soak/main.ts";

Deno.test(
  "soak() finds nothing wrong in a short run",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const model = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
    const lines: string[] = [];
    const counts = { upscales: 60, aborts: 20, kills: 3, seed: 5 };
    const wrong = await soak({ ...counts, model, provider: "native" }, (line) => lines.push(line));
    expect([wrong, lines]).toEqual([[], lines]);
    expect(lines.map((line) => line.split(":")[0]))
      .toEqual(["seed 5", "60 upscales", "20 aborts", "3 kills"]);
  },
);
