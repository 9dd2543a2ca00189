import { expect, test } from "vitest";
import { read, write, type Route } from "./route";

test.each<[string, Route]>([
  ["/", { page: "inbox", conversation: null, view: "open" }],
  ["/?view=all", { page: "inbox", conversation: null, view: "all" }],
  ["/c/cnv_0a1b", { page: "inbox", conversation: "cnv_0a1b", view: "open" }],
  ["/c/cnv_0a1b?view=resolved", { page: "inbox", conversation: "cnv_0a1b", view: "resolved" }],
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
