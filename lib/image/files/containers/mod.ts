/** The containers by format. @module */

import type { InputFormat } from "../format.ts";
import type { Container } from "./container.ts";
import { jpeg } from "./jpeg.ts";
import { png } from "./png.ts";
import { webp } from "./webp.ts";

/** The container of every format that can be read. */
export const containers: Readonly<Record<InputFormat, Container>> = { png, jpeg, webp };
