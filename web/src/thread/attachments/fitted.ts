/** How large a picture or a film is shown: known before it loads, so that nothing jumps. */

import type { Attachment } from "../../model/types";

export interface Size {
  readonly width: number;
  readonly height: number;
}

const ROOM: Size = { width: 304, height: 320 };
const STICKER: Size = { width: 128, height: 128 };
/** Nothing is too small to be hit by a finger. */
const LEAST = 44;
/** Of what does not tell its size. */
const UNKNOWN: Size = { width: 304, height: 200 };

export function fitted({ type, width, height }: Attachment): Size {
  if (!width || !height) return type === "sticker" ? STICKER : UNKNOWN;
  const room = type === "sticker" ? STICKER : ROOM;
  const scale = Math.min(1, room.width / width, room.height / height);
  return { width: sized(width * scale), height: sized(height * scale) };
}

function sized(side: number): number {
  return Math.max(LEAST, Math.round(side));
}
