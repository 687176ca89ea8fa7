import { expect } from "expect";
import { plainSha256, sha256Of } from "../lib/sha256.ts";

Deno.test("plainSha256() gives the hash of FIPS 180-4's example", () => {
  const hash = plainSha256(new TextEncoder().encode("abc"));
  expect(hash).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

Deno.test("plainSha256() equals the platform's SHA-256, for bytes of any length", async () => {
  for (const length of [...Array(131).keys(), 1000, 100_003]) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + length);
    expect(plainSha256(bytes)).toBe(await sha256Of(bytes));
  }
});
