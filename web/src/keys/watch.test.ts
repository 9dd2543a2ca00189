import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { route } from "../route";
import { register, type Action } from "./actions";
import { watchKeys } from "./watch";

const ran: string[] = [];
let applies = true;

register(
  made("test.one", { keys: "x", when: () => applies }),
  made("test.two", { keys: "x", when: () => !applies }),
  made("test.sequence", { keys: "y x" }),
  made("test.typing", { keys: "mod+y", whileTyping: true }),
  made("test.enter", { keys: "Enter" }),
);

let stop: () => void;

beforeEach(() => {
  ran.length = 0;
  applies = true;
  route.value = { page: "inbox", conversation: null, view: "open" };
  document.body.innerHTML = '<input /><button>A</button><dialog></dialog><p role="menu" tabindex="-1"></p>';
  stop = watchKeys();
});

afterEach(() => {
  stop();
});

describe("keys", () => {
  test("run the first action that applies", () => {
    press("x");
    applies = false;
    press("x");
    expect(ran).toEqual(["test.one", "test.two"]);
  });

  test("come in sequences, which are forgotten after a wrong key", () => {
    press("y");
    press("x");
    press("y");
    press("q");
    press("x");
    expect(ran).toEqual(["test.sequence", "test.one"]);
  });

  test("do nothing while somebody types, but for those that may", () => {
    press("x", "input");
    press("y", "input", { ctrlKey: true });
    press("x", undefined, { ctrlKey: true });
    expect(ran).toEqual(["test.typing"]);
  });

  test("leave menus alone, and Enter to the button that has the focus", () => {
    press("x", "[role=menu]");
    press("y", "[role=menu]", { metaKey: true });
    press("Enter", "button");
    expect(ran).toEqual([]);
    press("Enter");
    expect(ran).toEqual(["test.enter"]);
  });

  test("do nothing beneath a dialog, wherever the focus is", () => {
    document.querySelector("dialog")?.setAttribute("open", "");
    press("x");
    press("y", undefined, { metaKey: true });
    expect(ran).toEqual([]);
  });

  test("do nothing at the login", () => {
    route.value = { ...route.value, page: "login" };
    press("x");
    expect(ran).toEqual([]);
  });
});

test("an id is taken once", () => {
  expect(() => {
    register(made("test.one", {}));
  }).toThrow("test.one");
});

function made(id: string, more: Partial<Action>): Action {
  return { id, group: "page", words: () => id, run: () => ran.push(id), ...more };
}

function press(key: string, at?: string, more: KeyboardEventInit = {}): void {
  const target = at === undefined ? document.body : document.querySelector(at);
  target?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
}
