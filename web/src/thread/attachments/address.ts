/** Where the bytes of a file are: an address that leads on to a link which ends soon. */

import type { Attachment } from "../../model/types";

export function contentOf({ id }: Attachment): string {
  return `/api/v1/attachments/${encodeURIComponent(id ?? "")}/content`;
}

export function downloadOf(one: Attachment): string {
  return `${contentOf(one)}?download=true`;
}
