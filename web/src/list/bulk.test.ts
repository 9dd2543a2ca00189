import { beforeEach, describe, expect, test, vi } from "vitest";
import { at, madeConversation } from "../../tests/made";
import { emptyInbox } from "../model/inbox";
import { UNREAD_REACH } from "../reach";
import { route } from "../route";
import { inbox } from "../store";
import { bulkState, changeAll, toggleLabel } from "./bulk";
import { restart } from "./conversations";
import { clearSelection, extendTo, selectAll, selection, toggle } from "./selection";

const LABELS: Readonly<Record<string, readonly string[]>> = { a: ["lbl_1"], b: [], c: ["lbl_1", "lbl_2"] };

let sent: { readonly ids: readonly string[]; readonly change: unknown }[];

beforeEach(() => {
  sent = [];
  route.value = { page: "inbox", conversation: null, view: "open" };
  const conversations = ["a", "b", "c", "d"].map((name, index) =>
    madeConversation(`cnv_${name}`, { last_message_at: at(90 - index), label_ids: LABELS[name] ?? [] }),
  );
  inbox.value = { ...emptyInbox(1), conversations };
  restart("status=open", { ...UNREAD_REACH, begun: true });
  clearSelection();
  answerWith("changed");
});

describe("choosing rows", () => {
  test("one by one, and all between two", () => {
    toggle("cnv_b");
    extendTo("cnv_d");
    expect(chosen()).toEqual(["cnv_b", "cnv_c", "cnv_d"]);
    toggle("cnv_c");
    extendTo("cnv_a");
    expect(chosen()).toEqual(["cnv_a", "cnv_b", "cnv_c", "cnv_d"]);
  });

  test("without a row to begin with, takes the one", () => {
    extendTo("cnv_c");
    expect(chosen()).toEqual(["cnv_c"]);
  });
});

describe("changing all of them", () => {
  test("asks once, and lets them go", async () => {
    selectAll();
    await changeAll({ status: "resolved" });
    expect(sent).toEqual([{ ids: ["cnv_a", "cnv_b", "cnv_c", "cnv_d"], change: { status: "resolved" } }]);
    expect(chosen()).toEqual([]);
  });

  test("keeps them chosen and says how many were refused", async () => {
    answerWith("invalid");
    toggle("cnv_a");
    await changeAll({ assignee_id: "usr_gone" });
    expect(bulkState.value.failure).toBe("1 conversation could not be changed.");
    expect(chosen()).toEqual(["cnv_a"]);
  });

  test("adds a label to what lacks it, beside the labels that each has", async () => {
    selectAll();
    toggle("cnv_d");
    await toggleLabel("lbl_2");
    expect(sent).toEqual([
      { ids: ["cnv_a", "cnv_c"], change: { label_ids: ["lbl_1", "lbl_2"] } },
      { ids: ["cnv_b"], change: { label_ids: ["lbl_2"] } },
    ]);
  });

  test("takes a label off where all have it", async () => {
    toggle("cnv_a");
    toggle("cnv_c");
    await toggleLabel("lbl_1");
    expect(sent).toEqual([
      { ids: ["cnv_a"], change: { label_ids: [] } },
      { ids: ["cnv_c"], change: { label_ids: ["lbl_2"] } },
    ]);
  });

  test("says when nobody answers, and keeps them", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("failed")));
    toggle("cnv_a");
    await changeAll({ status: "pending" });
    expect(bulkState.value.busy).toBe(false);
    expect(bulkState.value.failure).toContain("did not answer");
    expect(chosen()).toEqual(["cnv_a"]);
  });
});

function chosen(): readonly string[] {
  return selection.value.map((row) => row.id);
}

function answerWith(outcome: string): void {
  vi.stubGlobal("fetch", (_path: string, init: RequestInit) => {
    const body = JSON.parse(init.body as string) as (typeof sent)[number];
    sent.push(body);
    return Promise.resolve(Response.json({ data: body.ids.map((id) => ({ id, outcome })), more: false }));
  });
}
