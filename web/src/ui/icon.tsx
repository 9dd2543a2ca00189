/** One stroke icon. Hidden from readers unless it is given a label. */

import type { IconNode } from "lucide";
import { h } from "preact";

interface IconProps {
  readonly of: IconNode;
  readonly size?: 12 | 14 | 16 | 20;
  readonly label?: string;
  readonly class?: string;
}

export function Icon({ of, size = 16, label, class: name }: IconProps) {
  const spoken =
    label === undefined ? { "aria-hidden": true as const } : { role: "img" as const, "aria-label": label };
  return (
    <svg
      class={name === undefined ? "icon" : `icon ${name}`}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width={size < 16 ? 2.4 : 1.9}
      stroke-linecap="round"
      stroke-linejoin="round"
      {...spoken}
    >
      {of.map(([tag, attributes], index) => h(tag, { ...attributes, key: index }))}
    </svg>
  );
}
