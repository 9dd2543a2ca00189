/** A label: its word, and its colour beside it. */

import type { ComponentChildren } from "preact";
import type { Label } from "../model/shared";
import { marked } from "./plain";
import "./label.css";

interface LabelChipProps {
  readonly of: Label;
  /** Whatever stands behind the word, such as a button that takes the label off. */
  readonly children?: ComponentChildren;
}

export function LabelChip({ of, children }: LabelChipProps) {
  return (
    <span class={`label-chip ${of.color}`} title={of.description ?? undefined}>
      <span class="label-dot" />
      <span class="label-name">{marked(of.name)}</span>
      {children}
    </span>
  );
}

/** The colour alone, where the word is said beside it. */
export function LabelDot({ of }: { readonly of: Label }) {
  return <span class={`label-dot ${of.color}`} aria-hidden />;
}
