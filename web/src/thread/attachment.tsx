/** What came with a message: its kind, name and size. Nothing is loaded from elsewhere. */

import { Contact, FileText, Film, Image, MapPin, Mic, Music, Sticker, type IconNode } from "lucide";
import type { Attachment } from "../model/types";
import { Icon } from "../ui/icon";
import { fileSize } from "../ui/size";
import { words } from "../words";
import "./attachment.css";

const ICONS: Readonly<Record<string, IconNode>> = {
  image: Image,
  audio: Music,
  voice: Mic,
  video: Film,
  sticker: Sticker,
  location: MapPin,
  contact: Contact,
};

export function Attachments({ of }: { readonly of: readonly Attachment[] }) {
  if (of.length === 0) return null;
  return (
    <ul class="attachments">
      {of.map((one, index) => (
        <li class="attachment" key={one.id ?? index}>
          <span class="attachment-icon">
            <Icon of={ICONS[one.type] ?? FileText} size={20} />
          </span>
          <span class="attachment-name">{title(one)}</span>
          <span class="attachment-facts">{facts(one)}</span>
        </li>
      ))}
    </ul>
  );
}

function title(one: Attachment): string {
  if (one.type === "location") return one.name ?? words.message.location;
  if (one.type === "contact") return one.name ?? words.message.contact;
  return one.filename ?? words.attachments[one.type] ?? words.attachments["file"] ?? one.type;
}

function facts(one: Attachment): string {
  if (one.type === "location") return [one.address, coordinates(one)].filter(isGiven).join(" · ");
  if (one.type === "contact") return [...(one.phones ?? []), ...(one.emails ?? [])].join(" · ");
  return [kind(one), size(one), state(one)].filter(isGiven).join(" · ");
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
