/** A word on how something is; the dot beside it repeats it in colour. */

import type { ComponentChildren } from "preact";

export function Badge({ kind, children }: { readonly kind: string; readonly children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>;
}
