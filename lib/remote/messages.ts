/** The messages between the library in a worker and the thread that uses it. @module */

import type { EntryOptions } from "../entry.ts";
import type { Progress } from "../plan.ts";
import type { NoiseIndex, NoiseOrigin } from "../tensor/noise.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Refusal } from "../runtime/providers.ts";
import type { Provider } from "../runtime/session.ts";
import type { DownloadProgress } from "../zoo/cache.ts";
import type { ModelCard } from "../zoo/card.ts";
import type { SentError } from "./sent_error.ts";

/** Kind of the opened entry. */
export type Kind = "upscaler" | "generator";

/** Requests of a call, one after the other. */
export type Request =
  | { kind: "open"; what: Kind; model: string | ModelCard; options: EntryOptions; watches: Watches }
  | { kind: "run"; inputs: readonly unknown[]; how: object; watches: Watches }
  | { kind: "begin"; inputs: readonly unknown[]; how: object; watches: Watches }
  | { kind: "step" }
  | { kind: "end" }
  | { kind: "encode"; low: unknown; high: unknown }
  | { kind: "close" };

/** Which functions the other side has for a call. */
export interface Watches {
  /** Whether it receives the progress of downloads. */
  download?: boolean;
  /** Whether it receives the progress of the run. */
  progress?: boolean;
  /** Whether it draws the noise. */
  noise?: boolean;
}

/** Messages to a running call. */
export type Notice =
  | { kind: "abort" }
  | { kind: "drawn"; draw: number; values: Tensor };

/** Messages from the worker to a call. */
export type Answer =
  | { kind: "done"; value: unknown; state?: State }
  | { kind: "failed"; error: SentError; state?: State }
  | { kind: "progress"; progress: Progress }
  | { kind: "download"; progress: DownloadProgress }
  | { kind: "draw"; draw: number; index: NoiseIndex; dims: readonly number[]; origin: NoiseOrigin };

/** The part of an opened entry that changes. */
export interface State {
  /** The provider of its networks now. */
  provider: Provider | "none";
  /** The providers that failed. */
  tried: readonly Refusal[];
}

/** A message to the worker. */
export type ToLibrary =
  | { kind: "library"; call: number; content: Request | Notice }
  | { kind: "close" };

/** A message from it. */
export interface FromLibrary {
  /** Number of the call that it is for. */
  call: number;
  /** The message, packed. */
  content: unknown;
}
