import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { register } from "../keys/actions";
import { NOTHING_SHARED } from "../model/shared";
import { route } from "../route";
import { setShared } from "../workspace";
import Palette from "./palette";

const STANDING = ["Go to Mentions", "Go to Pending", "Go to Snoozed", "Go to Resolved"];

const ran: string[] = [];
let applies = true;

register(
  { id: "test.a", group: "page", words: () => "Alpha", keys: "a", run: () => ran.push("alpha") },
  { id: "test.b", group: "page", words: () => "Beta", when: () => applies, run: () => ran.push("beta") },
  { id: "test.c", group: "page", words: () => "Gamma", keyOnly: true, run: () => ran.push("gamma") },
);

beforeEach(() => {
  // jsdom knows no modal dialogs.
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
      this.dispatchEvent(new Event("close"));
    },
  });
  Object.assign(Element.prototype, { scrollIntoView: () => undefined });
  ran.length = 0;
  applies = true;
  localStorage.clear();
  const label = { id: `lbl_${"0".repeat(32)}`, name: "Invoice", color: "blue", description: null };
  setShared({ ...NOTHING_SHARED, labels: [{ ...label, updated_at: "", deleted_at: null }] });
});

afterEach(() => {
  setShared(NOTHING_SHARED);
});

describe("the palette", () => {
  test("offers what applies, with its key, and views", () => {
    applies = false;
    show();
    expect(names()).toEqual(["AlphaA", ...STANDING, "Go to Invoice"]);
  });

  test("finds by letters, moves by arrows, runs by Enter after it has closed", async () => {
    const closed = show();
    await userEvent.type(screen.getByRole("combobox"), "a");
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(closed).toEqual([["before", 0]]);
    expect(ran).toEqual(["beta"]);
  });

  test("puts what was used lately first", async () => {
    show();
    await userEvent.type(screen.getByRole("combobox"), "invo{Enter}");
    expect(route.value.view).toBe(`lbl_${"0".repeat(32)}`);
    document.body.innerHTML = "";
    show();
    expect(names()[0]).toBe("Go to Invoice");
  });

  test("says when there is nothing", async () => {
    show();
    await userEvent.type(screen.getByRole("combobox"), "zzz{Enter}");
    expect(screen.getByRole("status").textContent).toContain("Nothing");
    expect(ran).toEqual([]);
  });
});

function show(): unknown[] {
  const closed: unknown[] = [];
  render(<Palette onClose={() => closed.push(["before", ran.length])} />);
  return closed;
}

function names(): readonly (string | null)[] {
  return screen.getAllByRole("option").map((one) => one.textContent);
}
