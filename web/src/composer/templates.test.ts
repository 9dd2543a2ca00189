import { describe, expect, test } from "vitest";
import { filled, isFillable, placesOf, preview, titleOf, type Template } from "./templates";

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

describe("a template", () => {
  test("has its places once each, and is filled", () => {
    const template = made("Hello {{1}}, order {{2}} of {{ 1 }} left.");
    expect(placesOf(template)).toEqual(["1", "2"]);
    expect(preview(template, { "1": "Dana" })).toBe("Hello Dana, order {{2}} of Dana left.");
    expect(filled(template, { "1": " Dana ", "2": "20931" })).toEqual({
      name: "order_update",
      language: "en_US",
      body: [{ text: "Dana" }, { text: "20931" }],
    });
  });

  test("is filled by number, whatever comes first in its text", () => {
    const template = made("Order {{2}} for {{1}}, then {{10}}");
    const values = { "1": "a", "2": "b", "10": "c" };
    expect(filled(template, values).body).toEqual([{ text: "a" }, { text: "b" }, { text: "c" }]);
  });

  test("is filled by name where its places have names", () => {
    expect(filled(made("Hello {{name}}"), { name: "Dana" }).body).toEqual([{ text: "Dana", name: "name" }]);
  });

  test("can't be sent from here when it needs a file or a link", () => {
    expect(isFillable(made("Hi", [{ type: "BODY", text: "Hi {{1}}" }]))).toBe(true);
    expect(isFillable(made("Hi", [{ type: "HEADER", format: "IMAGE" }]))).toBe(false);
    expect(isFillable(made("Hi", [{ type: "HEADER", format: "TEXT", text: "News" }]))).toBe(true);
    expect(isFillable(made("Hi", [{ type: "BUTTONS", buttons: [{ url: "https://a.test/{{1}}" }] }]))).toBe(
      false,
    );
    expect(
      isFillable(
        made("Hi", [
          { type: "friendly_name", text: "hi" },
          { type: "twilio/text", body: "Hi" },
        ]),
      ),
    ).toBe(true);
    expect(isFillable(made("Hi", [{ type: "twilio/media", body: "Hi" }]))).toBe(false);
    expect(isFillable(made(null))).toBe(false);
  });

  test("is called as people know it", () => {
    expect(titleOf(made("Hi"))).toBe("order update");
    expect(titleOf(made("Hi", [{ type: "friendly_name", text: "may_we_write" }]))).toBe("may we write");
  });
});
