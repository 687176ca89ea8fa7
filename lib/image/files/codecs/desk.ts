/** Answers the requests to the thread of the codecs. @module */

import type { Answer, Desk } from "../../../thread.ts";
import { alone } from "../../../tensor/tensor.ts";
import type { Image } from "../../image.ts";
import type { InputFormat } from "../format.ts";
import type { Codec, EncodeOptions } from "./codec.ts";
import { checked, plainCodec } from "./plain.ts";

/** An image whose pixels can be transferred. */
export interface SentImage extends Pick<Image, "width" | "height" | "channels" | "notes"> {
  /** Its pixels. */
  readonly data: ArrayBuffer;
}

/** Requests to the thread: a greeting, loading libwebp, decoding and encoding. */
export type Request =
  | { kind: "greet" }
  | { kind: "prepare" }
  | { kind: "decode"; bytes: ArrayBuffer; format: InputFormat }
  | { kind: "encode"; image: SentImage; options: EncodeOptions };

/** Its replies. */
export type Reply =
  | { kind: "greeting" }
  | { kind: "ready" }
  | { kind: "decoded"; image: SentImage }
  | { kind: "encoded"; bytes: ArrayBuffer };

/**
 * The desk of the codecs, which loads nothing before it is needed.
 *
 * @param load Loads the codec.
 */
export function codecDesk(load: () => Promise<Codec> = plainCodec): Desk<Request, Reply> {
  let loading: Promise<Codec> | undefined;
  const codec = () => loading ??= load().then(checked);
  return {
    greet: (): Promise<Answer<Reply>> => Promise.resolve({ reply: { kind: "greeting" } }),
    async prepare(): Promise<Answer<Reply>> {
      const pixel = { width: 1, height: 1, data: Uint8ClampedArray.of(0, 0, 0, 255) };
      await (await codec()).decode(await (await codec()).encode(pixel, { format: "webp" }), "webp");
      return { reply: { kind: "ready" } };
    },
    async decode({ bytes, format }): Promise<Answer<Reply>> {
      const image = sent(await (await codec()).decode(new Uint8Array(bytes), format));
      return { reply: { kind: "decoded", image }, transfer: [image.data] };
    },
    async encode({ image, options }): Promise<Answer<Reply>> {
      const { buffer: bytes } = alone(await (await codec()).encode(received(image), options));
      return { reply: { kind: "encoded", bytes }, transfer: [bytes] };
    },
  };
}

/** An image to send: its pixels without metadata. */
export function sent({ width, height, channels, notes, data }: Image): SentImage {
  return { width, height, channels, notes, data: alone(data).buffer };
}

/** The image that was sent. */
export function received({ data, ...rest }: SentImage): Image {
  return { ...rest, data: new Uint8ClampedArray(data) };
}
