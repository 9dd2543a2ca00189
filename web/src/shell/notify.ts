/** Desktop notifications and a soft sound, both only when asked for, for what is not on screen anyway. */

import type { LogEvent } from "../model/event";
import type { ConversationId, Message } from "../model/types";
import { discreet, previewOf } from "../preview";
import { go, openId } from "../route";
import { inbox } from "../store";
import { findConversation } from "../model/inbox";
import { nameOf } from "../list/names";
import { isMe, memberName } from "../workspace";
import { words } from "../words";
import { keptSwitch } from "./kept";

const wanted = keptSwitch("postgate.notify");
export const sound = keptSwitch("postgate.sound");

const QUIET = 3000;
let soundedAt = -Infinity;

export function notifies(): boolean {
  return wanted.value && canNotify() && Notification.permission === "granted";
}

/** Switch notifications on, which the browser asks about, or off. To be called by a click. */
export async function switchNotifications(on: boolean): Promise<"on" | "off" | "refused"> {
  if (!on) {
    wanted.value = false;
    return "off";
  }
  if (!canNotify() || (await Notification.requestPermission()) !== "granted") return "refused";
  wanted.value = true;
  return "on";
}

/** Tell of what came in, but for what somebody else answers or this person is looking at. */
export function notify(events: readonly LogEvent[]): void {
  const news = events.map(newsOf).filter((one) => one !== null);
  if (news.length === 0) return;
  if (notifies()) for (const one of news) show(one);
  if (sound.peek() && performance.now() - soundedAt > QUIET) {
    soundedAt = performance.now();
    chime();
  }
}

interface News {
  readonly conversation: ConversationId;
  readonly title: string;
  readonly text: string;
}

function newsOf(event: LogEvent): News | null {
  if (event.type === "note.created") {
    const { author_id, mentions, conversation_id: id } = event.data;
    if (mentions?.some(isMe) !== true || isMe(author_id) || isSeen(id)) return null;
    return {
      conversation: id,
      title: words.mentions.by(memberName(author_id)),
      text: discreet(event.data.text ?? ""),
    };
  }
  return event.type === "message.created" ? newsOfMessage(event.data) : null;
}

function newsOfMessage(message: Message): News | null {
  const id = message.conversation_id;
  const conversation = findConversation(inbox.peek(), id);
  if (message.direction !== "inbound" || isSeen(id) || conversation === null) return null;
  if (conversation.assignee_id && !isMe(conversation.assignee_id)) return null;
  return {
    conversation: id,
    title: titleOf(nameOf(conversation.customer)),
    text: discreet(previewOf(message)),
  };
}

/** Who wrote; of a customer who has no name but a number, only that somebody did. */
function titleOf(name: string): string {
  const shown = discreet(name);
  return /\p{L}/u.test(shown) ? shown : words.live.some;
}

function isSeen(id: ConversationId): boolean {
  return !document.hidden && openId.peek() === id;
}

function show({ conversation, title, text }: News): void {
  const shown = new Notification(title, { body: text, tag: conversation, icon: "/assets/favicon.svg" });
  shown.onclick = () => {
    focus();
    go({ page: "inbox", conversation });
    shown.close();
  };
}

function canNotify(): boolean {
  return "Notification" in globalThis;
}

// Two soft notes, made here: a file would be one more thing to fetch.
function chime(): void {
  const context = new AudioContext();
  for (const [at, pitch] of [
    [0, 660],
    [0.12, 880],
  ] as const) {
    const [note, volume] = [context.createOscillator(), context.createGain()];
    note.frequency.value = pitch;
    const start = context.currentTime + at;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.05, start + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.3);
    note.connect(volume).connect(context.destination);
    note.start(start);
    note.stop(start + 0.3);
  }
  setTimeout(() => void context.close(), 1000);
}
