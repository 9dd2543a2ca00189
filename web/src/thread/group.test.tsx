import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, madeMessage } from "../../tests/made";
import { addMessages, emptyInbox } from "../model/inbox";
import { NOTHING_SHARED } from "../model/shared";
import type { Me, Message } from "../model/types";
import { inbox, me } from "../store";
import { setShared } from "../workspace";
import { Group } from "./group";

describe("a message", () => {
  test("that failed says why in words", () => {
    const error = { code: "131047", message: "the 24-hour window is closed." };
    show(ours("msg_1", { status: "failed", error }));
    expect(screen.getByText(/Not delivered: the 24-hour window is closed\./u)).toBeTruthy();
    expect(screen.getByText("Code 131047")).toBeTruthy();
    expect(screen.getByRole("img", { name: "Failed" })).toBeTruthy();
  });

  test.each([
    ["queued", "Waiting to be sent"],
    ["sent", "Sent"],
    ["delivered", "Delivered"],
    ["read", "Read"],
  ] as const)("of ours that is %s has a glyph with a name", (status, name) => {
    show(ours("msg_1", { status }));
    expect(screen.getByRole("img", { name })).toBeTruthy();
  });

  test("tells its times when its time is focused", async () => {
    show(madeMessage("msg_1", { occurred_at: at(0), received_at: at(0.412) }));
    await userEvent.tab();
    expect(screen.getByRole("tooltip").textContent).toContain("Arrived after 412 ms");
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("tooltip")).toBeNull();
  });

  test("that was edited says so, also when others follow it", () => {
    show(madeMessage("msg_1", { edited_at: at(60) }), madeMessage("msg_2"));
    const marked = screen.getByText("Edited").closest("[data-message]");
    expect(marked?.getAttribute("data-message")).toBe("msg_1");
  });

  test.each([
    ["inbound", "The customer deleted this message."],
    ["outbound", "This message was deleted on the phone."],
  ] as const)("%s that was taken back says so and nothing else", (direction, sentence) => {
    show(madeMessage("msg_1", { direction, text: null, preview: "", edited_at: at(60), deleted_at: at(90) }));
    expect(screen.getByText(sentence)).toBeTruthy();
    expect(screen.queryByText("Edited")).toBeNull();
  });

  test("that was taken back before it went out says that", () => {
    show(ours("msg_1", { status: "canceled", text: null, preview: "", deleted_at: at(90) }));
    expect(screen.getByText("This message was taken back before it went out.")).toBeTruthy();
    expect(screen.getByRole("img", { name: "Taken back" })).toBeTruthy();
  });

  test("shows what came with it by name, kind and size", () => {
    const file = { id: "att_1", type: "document", filename: "invoice.pdf", mime_type: "application/pdf" };
    show(madeMessage("msg_1", { text: null, attachments: [{ ...file, size: 88_213, state: "pending" }] }));
    expect(screen.getByText("invoice.pdf")).toBeTruthy();
    expect(screen.getByText("Document · 88 kB · Being fetched")).toBeTruthy();
  });

  test("shows a place without asking anybody for a map", () => {
    const place = {
      id: null,
      type: "location",
      name: "Harbour",
      address: "Bergen",
      latitude: 60.39,
      longitude: 5.32,
    };
    const { container } = show(madeMessage("msg_1", { text: null, attachments: [place] }));
    expect(screen.getByText("Bergen · 60.39000, 5.32000")).toBeTruthy();
    expect(container.querySelector("img, iframe")).toBeNull();
  });

  test("keeps markup as text and makes web addresses links", () => {
    const { container } = show(madeMessage("msg_1", { text: "<b>see</b> https://example.org/a?b=1." }));
    expect(container.querySelector("b")).toBeNull();
    expect(screen.getByRole("link").getAttribute("href")).toBe("https://example.org/a?b=1");
    expect(screen.getByRole("link").getAttribute("rel")).toContain("noopener");
  });

  test("that answers another one quotes it", () => {
    const page = { data: [madeMessage("msg_1", { preview: "Where is it?" })], next_cursor: null, seq: 1 };
    inbox.value = addMessages(emptyInbox(1), "cnv_1", page);
    show(ours("msg_2", { reply_to_id: "msg_1" }));
    expect(screen.getByText(/Where is it\?/u).closest("blockquote")).not.toBeNull();
  });

  test("that is a reaction is one line", () => {
    show(madeMessage("msg_1", { kind: "reaction", text: "👍" }));
    expect(screen.getByText("Reacted 👍")).toBeTruthy();
  });

  test("of an unknown kind says so", () => {
    show(madeMessage("msg_1", { kind: "unsupported", text: null, preview: "" }));
    expect(screen.getByText("This kind of message cannot be shown here.")).toBeTruthy();
  });
});

describe("a mail", () => {
  const mail = madeMessage("msg_1", {
    channel: "email",
    text: "Yes, please.\n\n> Shall we?",
    reply_text: "Yes, please.",
    mail: { cc: [], message_id: null, from_verified: false, auto: null },
  });

  test("folds what it quotes", async () => {
    show(mail);
    expect(screen.queryByText(/Shall we/u)).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "Show quoted text" }));
    expect(screen.getByText(/Shall we/u)).toBeTruthy();
  });

  test("says when its sender is not proven", () => {
    show(mail);
    expect(screen.getByRole("button", { name: "Sender not verified" })).toBeTruthy();
  });
});

describe("what one of us wrote", () => {
  beforeEach(() => {
    const [ada, lee] = [
      { id: "usr_1", email: "ada@example.org", name: "Ada" },
      { id: "usr_2", email: "lee@example.org", name: "Lee" },
    ];
    me.value = { user: ada, permissions: [] } as unknown as Me;
    setShared({ ...NOTHING_SHARED, members: [ada, lee] } as unknown as typeof NOTHING_SHARED);
  });

  afterEach(() => {
    me.value = null;
    setShared(NOTHING_SHARED);
  });

  test.each([
    ["usr_2", "Lee"],
    ["usr_1", null],
    [null, null],
  ])("names a colleague and not oneself: %s", (author_id, name) => {
    const { container } = show(ours("msg_1", { author_id }));
    expect(container.querySelector(".meta-by")?.textContent ?? null).toBe(name);
  });

  test("names whoever wrote a mail, beside the mailbox", () => {
    const from = { name: null, address: "support@shop.example" };
    show(ours("msg_1", { channel: "email", from, author_id: "usr_1" }));
    expect(screen.getByText("Ada")).toBeTruthy();
    expect(screen.getByText("support@shop.example")).toBeTruthy();
  });
});

function show(...messages: readonly Message[]) {
  return render(<Group of={messages} />);
}

function ours(id: string, change: Partial<Message>): Message {
  return madeMessage(id, { direction: "outbound", from: { name: null, address: "+15550100100" }, ...change });
}
