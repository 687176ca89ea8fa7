import { expect } from "expect";
import { isKeepable, parseUnfinished, unfinishedName } from "../../lib/zoo/unfinished.ts";

const sha256 = "0123456789abcdef".repeat(4);
const owner = "123e4567-e89b-42d3-a456-426614174000";

Deno.test("parseUnfinished() inverts unfinishedName()", () => {
  for (const tag of ['""', '"a"', '"../../etc/passwd"', '"con:*?<>|"', `"${"x".repeat(62)}"`]) {
    for (const by of [undefined, owner]) {
      const version = { place: "0123456789abcdef", tag };
      const name = unfinishedName(sha256, version, by);
      expect(name).toMatch(/^[0-9a-f][0-9a-f.v-]+\.part$/);
      expect(name.length).toBeLessThan(256);
      expect(parseUnfinished(name)).toEqual({ sha256, owner: by, version });
    }
  }
  expect(parseUnfinished(unfinishedName(sha256))).toEqual({ sha256 });
});

Deno.test("isKeepable() accepts only strong ETags, and none that could inject a header", () => {
  for (const tag of ['""', '"a"', '"!#~"', `"${"x".repeat(62)}"`]) {
    expect([tag, isKeepable(tag)]).toEqual([tag, true]);
  }
  for (const tag of ["", "a", 'W/"a"', '"a\r\nx: y"', '"a"b"', '"é"', `"${"x".repeat(63)}"`]) {
    expect([tag, isKeepable(tag)]).toEqual([tag, false]);
  }
});

Deno.test("parseUnfinished() ignores other names, and versions that no server could have sent", () => {
  for (const name of ["", "x.part", sha256, `${sha256}.part.png`, `${sha256}.somebody.part`]) {
    expect(parseUnfinished(name)).toBe(undefined);
  }
  expect(parseUnfinished(`${sha256}.v0123456789abcdef0d0a.part`)).toEqual({ sha256 });
});
