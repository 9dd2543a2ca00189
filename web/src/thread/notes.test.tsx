import { fireEvent, render, screen } from "@testing-library/preact";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { at, madeMessage } from "../../tests/made";
import { draftOf, forgetDrafts, write } from "../composer/drafts";
import { addMessages, emptyInbox } from "../model/inbox";
import type { Me, Message } from "../model/types";
import { fold, inbox, me, wantedThreads } from "../store";
import { Group } from "./group";

const NOTE = madeMessage("msg_1", {
  direction: "internal",
  kind: "note",
  text: "Ask the driver",
  author_id: "usr_1",
  status: "sent",
});

let asked: { call: string; body: unknown }[];
let answer: () => Response;

beforeEach(() => {
  asked = [];
  me.value = {
    user: { id: "usr_1", email: "ada@example.org", name: "Ada" },
    permissions: ["conversations.write", "messages.send"],
  } as unknown as Me;
  wantedThreads.add("cnv_1");
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({
      call: `${init.method ?? "GET"} ${path}`,
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
    });
    return Promise.resolve(answer());
  });
});

afterEach(() => {
  forgetDrafts();
  me.value = null;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a note of one's own is written anew where it stands", async () => {
  answer = () => new Response(JSON.stringify({ ...NOTE, text: "Ask Jo", edited_at: at(60) }));
  show(NOTE);
  fireEvent.click(screen.getByRole("button", { name: "Edit this note" }));
  const field = screen.getByRole("textbox", { name: "Edit this note" });
  fireEvent.input(field, { target: { value: "Ask Jo" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(await screen.findByText("Edited")).toBeTruthy();
  expect(screen.getByText("Ask Jo")).toBeTruthy();
  expect(asked).toEqual([{ call: "PATCH /api/v1/notes/msg_1", body: { text: "Ask Jo", mentions: [] } }]);
});

test("what the log told meanwhile is not overwritten by the answer", async () => {
  answer = () => {
    fold([{ type: "note.updated", seq: 2, data: { ...NOTE, text: "Later", edited_at: at(90) } }]);
    return new Response(JSON.stringify({ ...NOTE, text: "Ask Jo", edited_at: at(60) }));
  };
  show(NOTE);
  fireEvent.click(screen.getByRole("button", { name: "Edit this note" }));
  fireEvent.input(screen.getByRole("textbox"), { target: { value: "Ask Jo" } });
  fireEvent.click(screen.getByRole("button", { name: "Save" }));
  expect(await screen.findByText("Later")).toBeTruthy();
});

test("a note is deleted when asked for twice", async () => {
  answer = () => new Response(null, { status: 204 });
  show(NOTE);
  fireEvent.click(screen.getByRole("button", { name: "Delete this note" }));
  expect(asked).toEqual([]);
  fireEvent.click(screen.getByRole("button", { name: "Delete it for good" }));
  await vi.waitFor(() => {
    expect(asked).toEqual([{ call: "DELETE /api/v1/notes/msg_1", body: null }]);
  });
});

test("a note of somebody else, or one that is gone, is not changed", () => {
  show({ ...NOTE, author_id: "usr_2" });
  show({ ...NOTE, text: null, deleted_at: at(60) });
  expect(screen.queryByRole("button")).toBeNull();
});

test("what still waits to be sent is taken back, and its words are in the field again", async () => {
  vi.useFakeTimers();
  answer = () => new Response(JSON.stringify({}));
  write("cnv_1", { text: "PS" });
  show(madeMessage("msg_2", { direction: "outbound", text: "On its way", status: "queued" }));
  expect(screen.queryByText(/Still waiting/u)).toBeNull();
  await vi.advanceTimersByTimeAsync(3000);
  fireEvent.click(screen.getByRole("button", { name: "Take it back" }));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked.map(({ call }) => call)).toContain("POST /api/v1/messages/msg_2/cancel");
  expect(draftOf("cnv_1").text).toBe("On its way\nPS");
});

test("what went out meanwhile says so, and keeps its words to itself", async () => {
  vi.useFakeTimers();
  const problem = { code: "wrong_state", title: "No", detail: "this message has gone out already" };
  answer = () => new Response(JSON.stringify(problem), { status: 409 });
  show(madeMessage("msg_2", { direction: "outbound", text: "On its way", status: "queued" }));
  await vi.advanceTimersByTimeAsync(3000);
  fireEvent.click(screen.getByRole("button", { name: "Take it back" }));
  await vi.advanceTimersByTimeAsync(0);
  expect(screen.getByRole("alert").textContent).toContain("this message has gone out already");
  expect(draftOf("cnv_1").text).toBe("");
});

function Shown({ id }: { readonly id: string }) {
  const of = inbox.value.messages["cnv_1"]?.find((one) => one.id === id);
  return of === undefined ? null : <Group of={[of]} />;
}

function show(message: Message): void {
  inbox.value = addMessages(emptyInbox(1), "cnv_1", { data: [message], next_cursor: null, seq: 1 });
  render(<Shown id={message.id} />);
}
