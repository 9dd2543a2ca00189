import { render, screen } from "@testing-library/preact";
import { describe, expect, test } from "vitest";
import { at, madeConversation } from "../../tests/made";
import type { Conversation, LastMessage } from "../model/types";
import { openId } from "../route";
import { Row } from "./row";

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
