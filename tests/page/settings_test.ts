import { expect } from "expect";
import type { Entry } from "../../cli/page/src/messages.ts";
import {
  commandOf,
  DEFAULTS,
  formatSettings,
  optionsOf,
  parseSettings,
  type Settings,
} from "../../cli/page/src/settings.ts";

const entry: Entry = {
  id: "photo",
  name: "Photo",
  scale: 4,
  provider: "wasm",
  tried: [],
  generative: true,
  licence: "CC0-1.0",
};
const finding: Entry = { ...entry, restore: { default: "auto", finds: true } };
const turning: Entry = { ...entry, generative: false, restore: { default: 1, finds: false } };

const chosen = (settings: Partial<Settings>): Settings => ({ ...DEFAULTS, ...settings });

Deno.test("parseSettings() reads what formatSettings() writes, which is only what differs from the defaults", () => {
  for (const restore of [undefined, 0, 0.35, 1, "auto"] as const) {
    const settings = chosen({
      restore,
      seed: 7,
      steps: 3,
      temperature: 1.5,
      fidelity: 0,
      consistency: true,
    });
    expect(parseSettings(`#${formatSettings(settings)}`)).toEqual(settings);
  }
  expect(formatSettings(chosen({ restore: 0 }))).toBe("restore=0");
  expect(formatSettings(DEFAULTS)).toBe("");
});

Deno.test("parseSettings() takes the defaults for values that are empty, out of range or not numbers", () => {
  for (const value of ["", "-0.1", "1.1", "all", "Auto", "NaN"]) {
    const text = `restore=${value}&fidelity=${value}&samples=${value && "ten"}`;
    expect(parseSettings(text)).toEqual(DEFAULTS);
  }
});

Deno.test("optionsOf() gives restore to entries that have it, and auto to those that can estimate it", () => {
  const given = (settings: Partial<Settings>, to: Entry) => optionsOf(chosen(settings), to).restore;
  expect(given({ restore: 0.5 }, entry)).toBe(undefined);
  expect([undefined, 0, "auto"].map((restore) => given({ restore } as Settings, finding)))
    .toEqual(["auto", 0, "auto"]);
  expect([undefined, 0, "auto"].map((restore) => given({ restore } as Settings, turning)))
    .toEqual([1, 0, 1]);
  expect(Object.keys(optionsOf(DEFAULTS, turning))).toEqual(["consistency", "restore"]);
});

Deno.test("optionsOf() takes the entry's own temperature by default, and none above the entry's limit", () => {
  const flow: Entry = { ...entry, temperature: { default: 0.85, max: 1 } };
  const given = (temperature?: number) => optionsOf(chosen({ temperature }), flow).temperature;
  expect([undefined, 0, 0.5, 1.5].map(given)).toEqual([0.85, 0, 0.5, 1]);
  const command = (temperature?: number) => commandOf(chosen({ temperature }), flow, "a.png");
  expect(command()).not.toContain("--temperature");
  expect(command(1)).toContain("--temperature 1");
});

Deno.test("commandOf() contains only what differs from the entry's own defaults", () => {
  const command = (restore: Settings["restore"], to: Entry) =>
    commandOf(chosen({ model: "photo", restore }), to, "a b.jpg");
  const plain = "deno run -A cli/upscale.ts 'a b.jpg' --model photo";
  expect(command(undefined, finding)).toBe(`${plain} --seed 0`);
  expect(command("auto", finding)).toBe(`${plain} --seed 0`);
  expect(command(0, finding)).toBe(`${plain} --seed 0 --restore 0`);
  expect(command(0.35, turning)).toBe(`${plain} --restore 0.35`);
  expect(command(1, turning)).toBe(plain);
  expect(command(0.35, entry)).toBe(`${plain} --seed 0`);
});
