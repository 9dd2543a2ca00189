/** A file by its icon, name and size: to be saved, awaited, or asked for again. */

import {
  Contact,
  Download,
  FileText,
  Film,
  Image,
  LoaderCircle,
  MapPin,
  Mic,
  Music,
  RotateCw,
  Sticker,
  type IconNode,
} from "lucide";
import { useState } from "preact/hooks";
import { ApiError, fetchAttachment } from "../../api";
import type { Attachment } from "../../model/types";
import { may } from "../../permissions";
import { Icon } from "../../ui/icon";
import { words } from "../../words";
import { downloadOf } from "./address";
import { facts, title } from "./facts";

const ICONS: Readonly<Record<string, IconNode>> = {
  image: Image,
  audio: Music,
  voice: Mic,
  video: Film,
  sticker: Sticker,
  location: MapPin,
  contact: Contact,
};

export function Card({ of }: { readonly of: Attachment }) {
  const waits = of.id !== null && of.state === "pending";
  const missing = of.id !== null && (of.state === "failed" || of.state === "expired");
  return (
    <div class={`attachment ${waits ? "waits" : ""} ${missing ? "missing" : ""}`} aria-busy={waits}>
      <span class="attachment-icon">
        <Icon of={waits ? LoaderCircle : (ICONS[of.type] ?? FileText)} size={20} />
      </span>
      <span class="attachment-name" dir="auto" title={title(of)}>
        {title(of)}
      </span>
      <span class="attachment-facts">{facts(of)}</span>
      {of.id !== null && of.state === "stored" && <Save of={of} />}
      {missing && <Missing of={of} />}
    </div>
  );
}

export function Save({ of }: { readonly of: Attachment }) {
  return (
    <a
      class="button quiet square attachment-save"
      href={downloadOf(of)}
      download={of.filename ?? ""}
      aria-label={words.files.download(title(of))}
    >
      <Icon of={Download} />
    </a>
  );
}

/** Why a file is not there; asking anew may help, and says so when it can't even be asked. */
function Missing({ of }: { readonly of: Attachment }) {
  const [trouble, setTrouble] = useState<string | null>(null);
  const [asking, setAsking] = useState(false);
  const again = async () => {
    setAsking(true);
    setTrouble(null);
    try {
      await fetchAttachment(of.id ?? "");
    } catch (error) {
      setTrouble(error instanceof ApiError ? error.message : words.files.notAsked);
    } finally {
      setAsking(false);
    }
  };
  return (
    <div class="attachment-missing">
      {of.error && <p>{of.error}</p>}
      {may("conversations.write") && (
        <button type="button" class="button" disabled={asking} onClick={() => void again()}>
          <Icon of={RotateCw} size={14} />
          {words.files.again}
        </button>
      )}
      {trouble !== null && <p role="alert">{trouble}</p>}
    </div>
  );
}
