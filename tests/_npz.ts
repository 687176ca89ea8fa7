/** Arrays of NumPy's `.npz` files, for golden numbers. @module */

/** One array: numbers and their shape. */
export interface Npy {
  data: Float32Array | Float64Array | Uint8Array | number[];
  dims: number[];
}

/** Whether the shared folder beside the project is here; without it golden tests are skipped. */
export const shared = new URL("../../shared/", import.meta.url);
export const hasShared = await Deno.stat(shared).then(() => true, () => false);

/** Reads every array of a `.npz` file: a ZIP whose central directory says where its parts are. */
export async function readNpz(url: URL): Promise<Record<string, Npy>> {
  const bytes = await Deno.readFile(url);
  const view = new DataView(bytes.buffer);
  const arrays: Record<string, Npy> = {};
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const deflated = view.getUint16(at + 10, true) === 8;
    const size = view.getUint32(at + 20, true);
    const [name, extra, comment] = [28, 30, 32].map((o) => view.getUint16(at + o, true));
    const header = view.getUint32(at + 42, true);
    const key = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    const start = header + 30 + view.getUint16(header + 26, true) +
      view.getUint16(header + 28, true);
    const part = bytes.slice(start, start + size);
    arrays[key.replace(/\.npy$/, "")] = readNpy(deflated ? await inflate(part) : part);
    at += 46 + name + extra + comment;
  }
  return arrays;
}

async function inflate(part: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([part]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function readNpy(bytes: Uint8Array<ArrayBuffer>): Npy {
  const view = new DataView(bytes.buffer);
  const wide = bytes[6] > 1;
  const start = wide ? 12 + view.getUint32(8, true) : 10 + view.getUint16(8, true);
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, start));
  const [, type] = header.match(/'descr': '(.*?)'/)!;
  const dims = header.match(/'shape': \((.*?)\)/)![1].split(",").filter((dim) => dim.trim());
  const body = bytes.slice(start).buffer;
  const data = {
    "<f4": () => new Float32Array(body),
    "<f8": () => new Float64Array(body),
    "|u1": () => new Uint8Array(body),
    "<i8": () => [...new BigInt64Array(body)].map(Number),
  }[type];
  if (!data) throw new TypeError(`Cannot read an array of ${type}`);
  const sizes = dims.map(Number);
  const values = data();
  const byColumns = header.includes("'fortran_order': True");
  return { data: byColumns ? byRows(values, sizes) : values, dims: sizes };
}

/** NumPy stores a transposed array with its first index running fastest. */
function byRows<T extends Npy["data"]>(values: T, dims: readonly number[]): T {
  return values.map((_: number, i: number) => {
    let rest = i, from = 0, stride = values.length;
    for (const dim of dims.toReversed()) {
      stride /= dim;
      from += (rest % dim) * stride;
      rest = Math.floor(rest / dim);
    }
    return values[from];
  }) as T;
}
