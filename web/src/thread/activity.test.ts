import { beforeEach, expect, test } from "vitest";
import type { Message } from "../model/types";
import { NOTHING_SHARED } from "../model/shared";
import { setShared } from "../workspace";
import { sentence } from "./activity";

const time = "2026-01-01T00:00:00.000Z";

beforeEach(() => {
  const person = (id: string, name: string) => ({ id, name, email: "", role: "operator", status: "active" });
  const shared = {
    ...NOTHING_SHARED,
    members: [person("usr_1", "Jo"), person("usr_2", "Kim")],
    teams: [{ id: "team_1", name: "Sales", member_ids: [], deleted_at: null, updated_at: time }],
    labels: ["Red", "Blue"].map((name) => ({ id: `lbl_${name}`, name, color: "red", deleted_at: null })),
  };
  setShared(shared as unknown as typeof NOTHING_SHARED);
});

const cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
  [{ what: "status", from: "open", to: "resolved" }, "Jo resolved this"],
  [{ what: "status", from: "resolved", to: "open" }, "Jo opened this again"],
  [{ what: "status", from: "open", to: "pending" }, "Jo is waiting for the customer"],
  [{ what: "status", from: "snoozed", to: "open", cause: "snooze" }, "Opened again: its time has come"],
  [{ what: "status", from: "resolved", to: "open", cause: "message" }, "Opened again by a new message"],
  [{ what: "priority", from: "normal", to: "urgent" }, "Jo set the priority to Urgent"],
  [{ what: "assignee", from: null, to: "usr_1" }, "Jo took this"],
  [{ what: "assignee", from: null, to: "usr_2" }, "Jo assigned this to Kim"],
  [{ what: "assignee", from: "usr_2", to: null }, "Jo gave this back"],
  [{ what: "assignee", from: null, to: "usr_2", cause: "rotation" }, "It was Kim’s turn"],
  [{ what: "team", from: null, to: "team_1" }, "Jo passed this to Sales"],
  [{ what: "team", from: "team_1", to: null }, "Jo took this out of its team"],
  [{ what: "team", from: "team_1", to: null, cause: "removal" }, "Its team was removed"],
  [{ what: "labels", from: [], to: ["lbl_Red", "lbl_Blue"] }, "Jo added Red, Blue"],
  [{ what: "labels", from: ["lbl_Red"], to: ["lbl_Blue"] }, "Jo added Blue; Jo took Red off"],
  [{ what: "labels", from: ["lbl_Old"], to: [], cause: "removal" }, "A label was removed"],
  [{ what: "subject", from: null, to: "Hats" }, "Jo called this “Hats”"],
  [{ what: "subject", from: "Hats", to: null }, "Jo removed the subject"],
  [{ what: "weather", from: "sun", to: "rain" }, "Jo changed this"],
];

test.each(cases)("%j is told as: %s", (extra, told) => {
  expect(sentence({ author_id: "usr_1", extra } as unknown as Message)).toBe(told);
});

test("a program is called one, and somebody who is not known too", () => {
  const extra = { what: "status", from: "open", to: "resolved" };
  expect(sentence({ author_id: null, extra } as unknown as Message)).toBe("A program resolved this");
  expect(sentence({ author_id: "usr_9", extra } as unknown as Message)).toBe(
    "Somebody who left resolved this",
  );
});
