import { render, screen } from "@testing-library/preact";
import { describe, expect, test } from "vitest";
import { at, madeConversation } from "../../tests/made";
import { NOTHING_SHARED, type Member } from "../model/shared";
import type { Conversation, LastMessage, Me } from "../model/types";
import { openId } from "../route";
import { me } from "../store";
import { setShared } from "../workspace";
import { Row } from "./row";

const ME: Me = {
  user: { id: "usr_1", email: "ana@example.org", name: "Ana Ruiz" },
  tenant: { id: "t", name: "Demo", slug: "demo" },
  role: "operator",
  permissions: ["inbox.read"],
  demo: false,
  seq: 1,
  epoch: "one",
};
const MEMBER: Member = {
  id: "usr_1",
  name: "Ana Ruiz",
  email: "ana@example.org",
  role: "operator",
  extra_permissions: [],
  status: "active",
  availability: "online",
  created_at: "",
  updated_at: "",
};
const LAST: LastMessage = {
  id: "msg_1",
  direction: "inbound",
  kind: "text",
  preview: "Where is it?",
  status: "received",
  at: at(0),
};

describe("a row", () => {
  test("says who, through what, and what last", () => {
    show({ last_message: LAST });
    const name = screen.getByRole("link").textContent;
    expect(name).toContain("Maya Lindqvist");
    expect(name).toContain("Where is it?");
    expect(screen.getByRole("img", { name: "WhatsApp" })).toBeTruthy();
  });

  test.each([1, 14])("with %d unread says so in words, not by colour alone", (unread_count) => {
    show({ unread_count });
    expect(screen.getByText(`${unread_count} unread`)).toBeTruthy();
  });

  test("puts “You” before what we wrote", () => {
    show({ last_message: { ...LAST, direction: "outbound", status: "sent" } });
    expect(screen.getByText("You:")).toBeTruthy();
  });

  test("marks a last message that failed", () => {
    show({ last_message: { ...LAST, direction: "outbound", status: "failed" } });
    expect(screen.getByRole("img", { name: "Last message failed" })).toBeTruthy();
  });

  test("says when the last message was taken back", () => {
    show({ last_message: { ...LAST, preview: "", deleted: true } });
    expect(screen.getByText("Message deleted")).toBeTruthy();
  });

  test("names who wrote for us, who has it, its labels, and until when it sleeps", () => {
    me.value = { ...ME, permissions: ["conversations.write"] };
    setShared({
      ...NOTHING_SHARED,
      members: [
        { ...MEMBER, id: "usr_1" },
        { ...MEMBER, id: "usr_2", name: "Ben Otieno" },
      ],
      labels: [
        { id: "lbl_1", name: "Invoice", color: "blue", description: null, updated_at: "", deleted_at: null },
      ],
    });
    show({
      last_message: { ...LAST, direction: "outbound", status: "sent", author_id: "usr_2" },
      assignee_id: "usr_1",
      label_ids: ["lbl_1", "lbl_gone"],
      priority: "urgent",
      status: "snoozed",
      snoozed_until: at(3600),
    });
    const text = screen.getByRole("link").textContent;
    for (const part of ["Ben Otieno:", "Assigned to Ana Ruiz (you)", "Invoice"]) expect(text).toContain(part);
    expect(screen.getByRole("img", { name: /^Snoozed until 1 Jan 2026/u })).toBeTruthy();
    expect(screen.getByRole("img", { name: "Urgent" })).toBeTruthy();
    expect(screen.getByRole("checkbox", { name: "Select Maya Lindqvist" }).ariaChecked).toBe("false");
  });

  test("can't be selected by who may only read", () => {
    me.value = ME;
    show({});
    expect(screen.queryByRole("checkbox")).toBe(null);
  });

  test("of nobody we know is called by its number", () => {
    show({ customer: { id: "cus_1", name: null, address: "+15550100142" } });
    expect(screen.getByText("+1 555 010 0142")).toBeTruthy();
  });

  test("opens its conversation and can be opened in a tab", () => {
    show({});
    expect(screen.getByRole("link").getAttribute("href")).toBe("/c/cnv_1a");
    screen.getByRole("link").click();
    expect(openId.value).toBe("cnv_1a");
    expect(location.pathname).toBe("/c/cnv_1a");
  });
});

function show(change: Partial<Conversation>) {
  return render(<Row of={madeConversation("cnv_1a", change)} reachable />);
}
