/** A link that moves within the page; with Ctrl, ⌘ or Shift it is the browser's own. */

import type { ComponentChildren } from "preact";

interface LinkProps {
  readonly href: string;
  readonly onGo: () => void;
  readonly class?: string;
  readonly current?: boolean;
  readonly title?: string;
  readonly children: ComponentChildren;
}

export function Link({ href, onGo, class: name, current = false, title, children }: LinkProps) {
  return (
    <a
      class={name}
      href={href}
      title={title}
      aria-current={current ? "page" : undefined}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        onGo();
      }}
    >
      {children}
    </a>
  );
}
