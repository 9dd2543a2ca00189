import { beforeEach, describe, expect, test } from "vitest";
import { go, goQuery, read, route, write, type Route } from "./route";

const INBOX: Route = { page: "inbox", conversation: null, view: "open" };
const SETTINGS: Route = { ...INBOX, page: "settings", area: "connections", place: "" };
const ID = "0".repeat(32);

test.each<[string, Route]>([
  ["/", INBOX],
  ["/?view=all", { ...INBOX, view: "all" }],
  ["/?view=mine&label=lbl_1&label=lbl_2", { ...INBOX, view: "mine", query: "label=lbl_1&label=lbl_2" }],
  ["/?unread=true", { ...INBOX, query: "unread=true" }],
  [`/?view=lbl_${ID}`, { ...INBOX, view: `lbl_${ID}` }],
  ["/c/cnv_0a1b", { ...INBOX, conversation: "cnv_0a1b" }],
  ["/c/cnv_0a1b?view=resolved", { ...INBOX, conversation: "cnv_0a1b", view: "resolved" }],
  ["/settings", { ...SETTINGS, area: "" }],
  ["/settings/connections", SETTINGS],
  ["/settings/connections/new", { ...SETTINGS, place: "new" }],
  ["/settings/connections/new/360dialog", { ...SETTINGS, place: "new/360dialog" }],
  ["/settings/connections/int_0a1b", { ...SETTINGS, place: "int_0a1b" }],
  ["/settings/webhooks?state=quarantined", { ...SETTINGS, area: "webhooks", query: "state=quarantined" }],
  ["/login", { ...INBOX, page: "login" }],
])("%s is read and written", (address, route) => {
  expect(read(new URL(address, "http://localhost"))).toEqual(route);
  expect(write(route)).toBe(address);
});

test.each(["/c/cnv_../../etc", "/c/msg_1", "/c/", "/?view=deleted", "/?view=view_1"])(
  "%s opens the inbox",
  (address) => {
    expect(read(new URL(address, "http://localhost"))).toEqual(INBOX);
  },
);

describe("going", () => {
  beforeEach(() => {
    route.value = { ...INBOX, view: "mine", query: "unread=true" };
  });

  test("into a conversation keeps what narrows the view", () => {
    go({ conversation: "cnv_1a" });
    expect(location.pathname + location.search).toBe("/c/cnv_1a?view=mine&unread=true");
  });

  test("to another view or page does not", () => {
    go({ view: "all" });
    expect(location.search).toBe("?view=all");
    goQuery({ unread: "true", label: ["lbl_1", "lbl_2"] });
    expect(location.search).toBe("?view=all&unread=true&label=lbl_1&label=lbl_2");
    goQuery({ unread: null });
    go({ page: "settings", conversation: null, area: "people" });
    expect(location.pathname + location.search).toBe("/settings/people");
    go({ place: "usr_1" });
    expect(location.pathname).toBe("/settings/people/usr_1");
    go({ area: "labels" });
    expect(location.pathname).toBe("/settings/labels");
    go({ page: "settings", conversation: null });
    expect(location.pathname).toBe("/settings");
    go({ page: "inbox" });
    expect(route.value).toEqual({ ...INBOX, view: "all" });
  });
});
