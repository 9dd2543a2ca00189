import { describe, expect, test } from "vitest";
import { fieldsOf, filled, preview, titleOf, type Template } from "./templates";

function made(body: string | null, components: Template["components"] = []): Template {
  return {
    id: "tpl_1",
    name: "order_update",
    language: "en_US",
    status: "approved",
    category: null,
    body,
    components,
  };
}

const keys = (template: Template) => fieldsOf(template)?.map(({ key, kind }) => [key, kind]) ?? null;

describe("a template", () => {
  test("has its places once each, and is filled", () => {
    const template = made("Hello {{1}}, order {{2}} of {{ 1 }} left.");
    expect(keys(template)).toEqual([
      ["text 1", "text"],
      ["text 2", "text"],
    ]);
    expect(preview(template, { "text 1": "Dana" }).body).toBe("Hello Dana, order {{2}} of Dana left.");
    expect(filled(template, { "text 1": " Dana ", "text 2": "20931" })).toEqual({
      name: "order_update",
      language: "en_US",
      body: [{ text: "Dana" }, { text: "20931" }],
    });
  });

  test("is filled by number, whatever comes first in its text", () => {
    const template = made("Order {{2}} for {{1}}, then {{10}}");
    const values = { "text 1": "a", "text 2": "b", "text 10": "c" };
    expect(filled(template, values).body).toEqual([{ text: "a" }, { text: "b" }, { text: "c" }]);
  });

  test("is filled by name where its places have names", () => {
    const template = made("Hello {{name}}", [
      { type: "HEADER", format: "TEXT", text: "Order {{order}}" },
      { type: "BODY", text: "Hello {{name}}" },
    ]);
    const values = { "text name": "Dana", "head order": "20931" };
    expect(filled(template, values)).toMatchObject({
      header: { text: { text: "20931", name: "order" } },
      body: [{ text: "Dana", name: "name" }],
    });
    expect(preview(template, values)).toMatchObject({ head: "Order 20931", body: "Hello Dana" });
  });

  test("takes a file above its text, and the ends of its buttons' links", () => {
    const template = made("Hi {{1}}", [
      { type: "HEADER", format: "IMAGE" },
      { type: "BODY", text: "Hi {{1}}" },
      { type: "FOOTER", text: "Answer us" },
      {
        type: "BUTTONS",
        buttons: [
          { type: "QUICK_REPLY", text: "Thanks" },
          { type: "URL", text: "Show", url: "https://shop.example.org/orders/{{1}}" },
          { type: "COPY_CODE", text: "Copy" },
        ],
      },
    ]);
    expect(keys(template)).toEqual([
      ["head file", "file"],
      ["text 1", "text"],
      ["button 1", "link"],
      ["button 2", "code"],
    ]);
    const values = { "head file": "file_1", "text 1": "Dana", "button 1": "20931", "button 2": "SPRING" };
    expect(filled(template, values)).toEqual({
      name: "order_update",
      language: "en_US",
      header: { upload: "file_1" },
      body: [{ text: "Dana" }],
      buttons: [
        { index: 1, kind: "url", value: "20931" },
        { index: 2, kind: "copy_code", value: "SPRING" },
      ],
    });
    expect(preview(template, values)).toEqual({
      head: null,
      body: "Hi Dana",
      foot: "Answer us",
      buttons: [
        { text: "Thanks", link: null },
        { text: "Show", link: "https://shop.example.org/orders/20931" },
        { text: "Copy", link: null },
      ],
    });
  });

  test("of Twilio is counted through all of its parts, and filled by those numbers", () => {
    const template = made("Hi {{1}}", [
      { type: "friendly_name", text: "hi" },
      { type: "twilio/media", body: "Hi {{1}}", media: ["https://files.example.org/{{3}}.jpg"] },
    ]);
    expect(keys(template)).toEqual([
      ["text 1", "text"],
      ["text 3", "text"],
    ]);
    expect(filled(template, { "text 1": "Dana", "text 3": "cat" }).body).toEqual([
      { text: "Dana", name: "1" },
      { text: "cat", name: "3" },
    ]);
  });

  test.each([
    [made(null)],
    [made("Hi", [{ type: "HEADER", format: "LOCATION" }])],
    [made("Hi", [{ type: "CAROUSEL", cards: [] }])],
  ])("that needs something else can't be filled here", (template) => {
    expect(fieldsOf(template)).toBeNull();
  });

  test("is called as people know it", () => {
    expect(titleOf(made("Hi"))).toBe("order update");
    expect(titleOf(made("Hi", [{ type: "friendly_name", text: "may_we_write" }]))).toBe("may we write");
  });
});
