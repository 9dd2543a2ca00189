import { expect, test } from "vitest";
import { read, write, type Route } from "./route";

test.each<[string, Route]>([
  ["/", { page: "inbox", conversation: null, view: "open" }],
  ["/?view=all", { page: "inbox", conversation: null, view: "all" }],
  ["/c/cnv_0a1b", { page: "inbox", conversation: "cnv_0a1b", view: "open" }],
  ["/c/cnv_0a1b?view=resolved", { page: "inbox", conversation: "cnv_0a1b", view: "resolved" }],
  ["/settings/connections", { page: "settings", conversation: null, view: "open", place: "" }],
  ["/settings/connections/new", { page: "settings", conversation: null, view: "open", place: "new" }],
  [
    "/settings/connections/new/360dialog",
    { page: "settings", conversation: null, view: "open", place: "new/360dialog" },
  ],
  [
    "/settings/connections/int_0a1b",
    { page: "settings", conversation: null, view: "open", place: "int_0a1b" },
  ],
  ["/login", { page: "login", conversation: null, view: "open" }],
])("%s is read and written", (address, route) => {
  expect(read(new URL(address, "http://localhost"))).toEqual(route);
  expect(write(route)).toBe(address);
});

test.each(["/c/cnv_../../etc", "/c/msg_1", "/c/", "/?view=deleted"])("%s opens the inbox", (address) => {
  expect(read(new URL(address, "http://localhost"))).toEqual({
    page: "inbox",
    conversation: null,
    view: "open",
  });
});
