/** A file in words: what it is called, its kind, its size, and what is the matter with it. */

import type { Attachment } from "../../model/types";
import { marked, plainName } from "../../ui/plain";
import { fileSize } from "../../ui/size";
import { words } from "../../words";

export function title(one: Attachment): string {
  if (one.type === "location") return plainName(one.name) ?? words.message.location;
  if (one.type === "contact") return plainName(one.name) ?? words.message.contact;
  return fileName(one) ?? words.attachments[one.type] ?? words.attachments["file"] ?? one.type;
}

/** What the file is called, with a mark where a character would turn the rest around, its ending included. */
function fileName({ filename }: Attachment): string | null {
  return plainName(marked(filename ?? ""));
}

export function facts(one: Attachment): string {
  if (one.type === "location") return [one.address, coordinates(one)].filter(isGiven).join(" · ");
  if (one.type === "contact") return [...(one.phones ?? []), ...(one.emails ?? [])].join(" · ");
  const missing = one.state === "failed" || one.state === "expired";
  return [kind(one), missing ? null : size(one), state(one)].filter(isGiven).join(" · ");
}

/** "0:07" or "12:40". */
export function duration(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

// The name already says the kind when there is no file name.
function kind(one: Attachment): string | null {
  const name = words.attachments[one.type] ?? null;
  return isGiven(one.filename) ? name : format(one.mime_type ?? "");
}

/** "JPEG" for image/jpeg, "OGG" for audio/ogg; codecs=opus. */
function format(type: string): string {
  return /^[a-z]+\/(?:x-)?([a-z0-9]{2,6})(?:$|;)/iu.exec(type)?.[1]?.toUpperCase() ?? "";
}

function size(one: Attachment): string | null {
  return one.size === undefined || one.size === null ? null : fileSize(one.size);
}

function state(one: Attachment): string | null {
  return one.state && one.state !== "stored" ? words.attachmentState[one.state] : null;
}

function coordinates({ latitude, longitude }: Attachment): string | null {
  if (typeof latitude !== "number" || typeof longitude !== "number") return null;
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

function isGiven(part: string | null | undefined): part is string {
  return part !== null && part !== undefined && part !== "";
}
