import { describe, expect, test } from "vitest";
import { madeConversation } from "../../tests/made";
import type { SavedView } from "../model/shared";
import type { Conversation } from "../model/types";
import type { View } from "../route";
import { filtersOf, keptFilters, matches, readFilters, writeFilters } from "./filters";

const LABEL: View = `lbl_${"1".repeat(32)}`;
const TEAM: View = `team_${"2".repeat(32)}`;
const SAVED: View = `view_${"3".repeat(32)}`;
const KEPT: SavedView = {
  id: SAVED,
  owner_id: null,
  name: "Late",
  filters: {
    status: ["open"],
    assignee: null,
    label: [LABEL],
    unread: false,
    updated_before: null,
    sort: "oldest",
  },
  updated_at: "",
  deleted_at: null,
};

describe("a view asks for", () => {
  test.each<[View, string, string]>([
    ["open", "", "status=open"],
    ["mine", "", "status=open&assignee=me"],
    ["unassigned", "", "status=open&assignee=nobody"],
    ["all", "", ""],
    [LABEL, "", `status=open&status=pending&status=snoozed&label=${LABEL}`],
    [TEAM, "", `status=open&status=pending&status=snoozed&team=${TEAM}`],
    [SAVED, "", `status=open&label=${LABEL}&sort=oldest`],
    [`view_${"9".repeat(32)}`, "", ""],
    ["mine", "assignee=usr_2&unread=true", "status=open&assignee=usr_2&unread=true"],
    ["open", "status=gone&priority=huge&sort=up&unread=no&nonsense=1", "status=open"],
    ["open", "status=open&status=pending&status=snoozed&status=resolved", ""],
  ])("%s narrowed by %j: %j", (view, narrowed, expected) => {
    expect(writeFilters(filtersOf(view, new URLSearchParams(narrowed), [KEPT])).toString()).toBe(expected);
  });

  test("what was kept of it", () => {
    const filters = filtersOf("mine", new URLSearchParams("label=lbl_1"), []);
    expect(keptFilters(filters)).toEqual({ status: ["open"], assignee: "me", label: ["lbl_1"] });
    expect(readFilters(writeFilters(filters))).toEqual(keptFilters(filters));
  });
});

describe("a conversation belongs", () => {
  const row = madeConversation("cnv_1", {
    assignee_id: "usr_1",
    team_id: null,
    label_ids: ["lbl_1", "lbl_2"],
    priority: "high",
    unread_count: 0,
  });

  test.each<[string, Partial<Conversation>, boolean]>([
    ["", {}, true],
    ["status=open", {}, true],
    ["status=pending&status=resolved", {}, false],
    ["assignee=me", {}, true],
    ["assignee=me", { assignee_id: null }, false],
    ["assignee=nobody", {}, false],
    ["assignee=nobody", { assignee_id: null }, true],
    ["assignee=usr_2", {}, false],
    ["team=nobody", {}, true],
    ["team=team_1", { team_id: "team_1" }, true],
    ["label=lbl_9&label=lbl_2", {}, true],
    ["label=lbl_9", {}, false],
    ["channel=ch_1", {}, true],
    ["channel=ch_2", {}, false],
    ["priority=high&priority=urgent", {}, true],
    ["priority=normal", {}, false],
    ["unread=true", {}, false],
    ["unread=true", { unread_count: 1 }, true],
  ])("where %j is asked for, changed by %j: %s", (asked, change, expected) => {
    const filters = filtersOf("all", new URLSearchParams(asked), []);
    expect(matches({ ...row, ...change }, filters, "usr_1")).toBe(expected);
  });

  test("to nobody when it is not known who asks", () => {
    const filters = filtersOf("mine", new URLSearchParams(), []);
    expect(matches({ ...row, assignee_id: null }, filters, undefined)).toBe(false);
  });
});
