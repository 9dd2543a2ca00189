import { act, render } from "@testing-library/preact";
import { createRef, type RefObject } from "preact";
import { expect, test } from "vitest";
import { useVirtual, type Virtual } from "./virtual";

let virtual: Virtual;
const scroller = createRef<HTMLDivElement>();

interface ListProps {
  readonly count: number;
  readonly list?: RefObject<HTMLElement | null>;
}

function List({ count, ...where }: ListProps) {
  virtual = useVirtual({ count, rowHeight: 10, scroller, keyOf: (index) => `row ${index}`, ...where });
  return <p>{virtual.items.length}</p>;
}

function Page(props: ListProps) {
  return (
    <div
      ref={(pane) => {
        scroller.current = pane;
        if (pane !== null) Object.defineProperty(pane, "clientHeight", { value: 100, configurable: true });
      }}
    >
      <List {...props} />
    </div>
  );
}

test("only what can be seen is drawn, wherever one scrolls, and a row is brought into view by as little as can be", async () => {
  const { rerender } = render(<Page count={10_000} />);
  expect(virtual.height).toBe(100_000);
  expect(indices()).toEqual([0, 17]);
  await scrollTo(50_000);
  expect(indices()).toEqual([4992, 5017]);
  expect(virtual.items[0]).toEqual({ index: 4992, key: "row 4992", start: 49_920, size: 10 });
  virtual.scrollTo(5002);
  expect(scroller.current?.scrollTop).toBe(50_000);
  virtual.scrollTo(5015);
  expect(scroller.current?.scrollTop).toBe(50_060);
  virtual.scrollTo(3);
  expect(scroller.current?.scrollTop).toBe(30);
  await scrollTo(99_900);
  expect(indices()).toEqual([9982, 9999]);
  rerender(<Page count={5} />);
  expect(virtual.items.length).toBeGreaterThan(0);
  await scrollTo(0);
  expect(indices()).toEqual([0, 4]);
  rerender(<Page count={0} />);
  expect(virtual.items).toEqual([]);
});

test("what stands above the list scrolls away first", async () => {
  const list = { current: document.createElement("ul") };
  list.current.getBoundingClientRect = () => new DOMRect(0, 300 - (scroller.current?.scrollTop ?? 0), 0, 0);
  render(<Page count={1000} list={list} />);
  expect(indices()).toEqual([0, 7]);
  await scrollTo(300);
  expect(indices()).toEqual([0, 17]);
  virtual.scrollTo(50);
  expect(scroller.current?.scrollTop).toBe(710);
});

async function scrollTo(top: number): Promise<void> {
  await act(() => {
    if (scroller.current === null) return;
    scroller.current.scrollTop = top;
    scroller.current.dispatchEvent(new Event("scroll"));
  });
}

function indices(): readonly (number | undefined)[] {
  return [virtual.items[0]?.index, virtual.items.at(-1)?.index];
}
