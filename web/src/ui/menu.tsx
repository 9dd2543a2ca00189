/** A button that opens a short list of actions. Arrow keys move, Escape closes and gives focus back. */

import { Check } from "lucide";
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import "./menu.css";

interface MenuProps {
  readonly label: string;
  readonly face: ComponentChildren;
  readonly class?: string;
  readonly align?: "start" | "end";
  readonly side?: "above" | "below";
  readonly children: ComponentChildren;
}

export function Menu({
  label,
  face,
  class: name = "button quiet",
  align = "start",
  side = "below",
  children,
}: MenuProps) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  useMenuFocus(root, open);
  useClickOutside(root, open, () => {
    setOpen(false);
  });
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  return (
    <div class="menu-root" ref={root}>
      <button
        type="button"
        class={name}
        ref={opener}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => {
          setOpen(!open);
        }}
      >
        {face}
        <span class="unseen">{label}</span>
      </button>
      {open && (
        <div
          class={`menu ${align} ${side}`}
          role="menu"
          tabIndex={-1}
          aria-label={label}
          onClick={close}
          onKeyDown={(event) => {
            if (event.key === "Escape" || event.key === "Tab") close();
            moveFocus(event);
          }}
        >
          {children}
        </div>
      )}
    </div>
  );
}

interface MenuItemProps {
  readonly onSelect: () => void;
  readonly checked?: boolean;
  /** Whether it is a choice among several, or a switch of its own. */
  readonly kind?: "radio" | "checkbox";
  readonly children: ComponentChildren;
}

export function MenuItem({ onSelect, checked, kind = "radio", children }: MenuItemProps) {
  const role = checked === undefined ? "menuitem" : (`menuitem${kind}` as const);
  return (
    <button
      type="button"
      class="menu-item"
      role={role}
      aria-checked={checked}
      tabIndex={-1}
      onClick={onSelect}
    >
      {children}
      {checked === true && <Icon of={Check} class="mark" />}
    </button>
  );
}

export function MenuTitle({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class="menu-title" role="presentation">
      {children}
    </div>
  );
}

function useMenuFocus(root: RefObject<HTMLElement | null>, open: boolean): void {
  // Before the next paint: a key pressed right after the click is meant for the menu.
  useLayoutEffect(() => {
    if (open) items(root.current)[0]?.focus();
  }, [root, open]);
}

function useClickOutside(root: RefObject<HTMLElement | null>, open: boolean, close: () => void): void {
  useLayoutEffect(() => {
    if (!open) return undefined;
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) close();
    };
    document.addEventListener("pointerdown", outside);
    return () => {
      document.removeEventListener("pointerdown", outside);
    };
  });
}

function moveFocus(event: KeyboardEvent): void {
  const menu = event.currentTarget;
  if (!(menu instanceof HTMLElement)) return;
  event.stopPropagation();
  const all = items(menu);
  const here = all.indexOf(document.activeElement as HTMLElement);
  const target = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
  if (target === undefined) return;
  event.preventDefault();
  all.at(target % all.length)?.focus();
}

function items(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>(".menu-item") ?? [])];
}
