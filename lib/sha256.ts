/** SHA-256, which names and verifies files. @module */

/** SHA-256 of bytes, in hex. */
export async function sha256Of(bytes: Uint8Array): Promise<string> {
  // Pages over http have no crypto.subtle.
  if (!crypto.subtle) return plainSha256(bytes);
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The same without the help of the platform (FIPS 180-4). */
export function plainSha256(bytes: Uint8Array): string {
  const primes = firstPrimes(64);
  const constants = primes.map((prime) => fractionOf(Math.cbrt(prime)));
  const state = Uint32Array.from(primes.slice(0, 8), (prime) => fractionOf(Math.sqrt(prime)));
  const message = padded(bytes);
  const words = new Uint32Array(64);
  for (let at = 0; at < message.byteLength; at += 64) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const [early, late] = [words[i - 15], words[i - 2]];
      words[i] = i < 16 ? message.getUint32(at + 4 * i) : words[i - 16] + words[i - 7] +
        (turned(early, 7) ^ turned(early, 18) ^ early >>> 3) +
        (turned(late, 17) ^ turned(late, 19) ^ late >>> 10);
      const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + (e & f ^ ~e & g) +
        constants[i] + words[i];
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + (a & b ^ a & c ^ b & c);
      [h, g, f, e, d, c, b, a] = [g, f, e, d + first | 0, c, b, a, first + second | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => state[i] += value);
  }
  return Array.from(state, (value) => value.toString(16).padStart(8, "0")).join("");
}

/** The bytes, a bit that ends them, and their length in bits, in whole blocks of 64. */
function padded(bytes: Uint8Array): DataView {
  const message = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  message.set(bytes);
  message[bytes.length] = 0x80;
  const view = new DataView(message.buffer);
  view.setBigUint64(message.length - 8, 8n * BigInt(bytes.length));
  return view;
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime)) primes.push(n);
  }
  return primes;
}

/** The first 32 bits after the point. */
const fractionOf = (value: number) => value % 1 * 2 ** 32 >>> 0;

/** The 32 bits turned to the right. */
const turned = (bits: number, by: number) => bits >>> by | bits << 32 - by;
