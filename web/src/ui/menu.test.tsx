import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { Menu, MenuItem } from "./menu";

const chosen = vi.fn<(name: string) => void>();

beforeEach(() => {
  chosen.mockClear();
  render(
    <Menu label="Things" face="Open">
      {["one", "two", "three"].map((name) => (
        <MenuItem
          key={name}
          onSelect={() => {
            chosen(name);
          }}
        >
          {name}
        </MenuItem>
      ))}
    </Menu>,
  );
});

describe("a menu", () => {
  test("is walked with the arrows, around both ends", async () => {
    await open();
    expect(document.activeElement?.textContent).toBe("one");
    await userEvent.keyboard("{ArrowUp}");
    expect(document.activeElement?.textContent).toBe("three");
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
    expect(chosen).toHaveBeenCalledWith("two");
    expect(screen.queryByRole("menu")).toBeNull();
  });

  test("closes with Escape and gives focus back", async () => {
    await open();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByRole("menu")).toBeNull();
    expect(document.activeElement).toBe(screen.getByRole("button"));
  });

  test("closes when somebody clicks elsewhere", async () => {
    await open();
    await userEvent.click(document.body);
    expect(screen.queryByRole("menu")).toBeNull();
  });
});

async function open(): Promise<void> {
  await userEvent.click(screen.getByRole("button", { name: /Things/u }));
}
