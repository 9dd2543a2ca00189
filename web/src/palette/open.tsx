/** Opening the palette, whose file is fetched the first time. */

import { signal } from "@preact/signals";
import { Command } from "lucide";
import { register } from "../keys/actions";
import { Lazy } from "../ui/lazy";
import { words } from "../words";

const isOpen = signal(false);
const load = () => import("./palette");

export function openPalette(): void {
  isOpen.value = true;
}

export function PalettePlace() {
  if (!isOpen.value) return null;
  const onClose = () => {
    isOpen.value = false;
  };
  return <Lazy load={load} of={{ onClose }} />;
}

register({
  id: "page.palette",
  group: "page",
  words: () => words.palette.title,
  keys: "mod+k",
  icon: Command,
  whileTyping: true,
  keyOnly: true,
  run: openPalette,
});
