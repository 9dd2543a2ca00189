/** What came with a message: pictures are shown, sound and films play in place, everything else is a card. */

import type { Attachment } from "../../model/types";
import { Card } from "./card";
import { Pictures } from "./pictures";
import { Player } from "./player";
import "./attachments.css";

export function Attachments({ of }: { readonly of: readonly Attachment[] }) {
  if (of.length === 0) return null;
  const pictures = of.filter(isPicture);
  const others = of.filter((one) => !isPicture(one));
  return (
    <div class="attachments">
      <Pictures of={pictures} />
      {others.length > 0 && (
        <ul class="attachment-list">
          {others.map((one, index) => (
            <li key={one.id ?? index}>{isPlayed(one) ? <Player of={one} /> : <Card of={one} />}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a mail names by its content id stands in the mail itself already. */
function isPicture(one: Attachment): boolean {
  return isShown(one, "image") && !one.content_id;
}

function isPlayed(one: Attachment): boolean {
  return isShown(one, "audio") || isShown(one, "video");
}

/** Whether the bytes are there, and are what browsers show: the server tells by the type that it found in them. */
function isShown({ id, state, mime_type }: Attachment, kind: string): boolean {
  return id !== null && state === "stored" && mime_type?.startsWith(`${kind}/`) === true;
}
