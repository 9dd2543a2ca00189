/** Whether a reply or a note is being written. */

import { signal } from "@preact/signals";

export type Mode = "reply" | "note";

export const mode = signal<Mode>("reply");
