/** The glyph of a channel: the only place where its colour is used. */

import { Mail, MessageCircle, MessageSquareText, type IconNode } from "lucide";
import type { ChannelKind } from "../model/types";
import { Icon } from "../ui/icon";
import { words } from "../words";

const GLYPHS: Readonly<Record<ChannelKind, IconNode>> = {
  whatsapp: MessageCircle,
  sms: MessageSquareText,
  email: Mail,
};

interface ChannelGlyphProps {
  readonly kind: ChannelKind;
  readonly size?: 12 | 14 | 16;
}

export function ChannelGlyph({ kind, size = 12 }: ChannelGlyphProps) {
  return (
    <span class={`channel-glyph ${kind}`}>
      <Icon of={GLYPHS[kind]} size={size} label={words.channels[kind]} />
    </span>
  );
}
