import { expect } from "expect";
import { cardTables } from "../../bench/zoo_tables.ts";
import { readTiny } from "../contracts/family.ts";

Deno.test("cardTables() shows an entry beside the others that were measured on its sets", async () => {
  const { card } = await readTiny("srdiff-tiny");
  const figures = { Set5x4: { images: 5, seeds: 3, psnrY: 30.1, psnrYHalf: 0.02, lpips: 0.1 } };
  const [mine, other, third] = [
    { ...card, figures },
    { ...card, id: "other", figures: { Set5x4: { images: 5, seeds: 1, psnrY: 31 } } },
    { ...card, id: "third" },
  ];
  expect(cardTables(mine, [mine, other, third]).split("\n\n")).toEqual([
    "**Fidelity and consistency**, Set5x4 (5 images, 3 seeds)",
    "| entry | PSNR-Y dB |\n| - | - |\n| **srdiff-tiny** | 30.10 ±0.02 |\n| other | 31.00 |",
    "**Perception and diversity**, Set5x4 (5 images, 3 seeds)",
    "| entry | LPIPS |\n| - | - |\n| **srdiff-tiny** | 0.1000 |\n| other |  |",
  ]);
});
