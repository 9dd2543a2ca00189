import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Fields } from "./fields";
import { inWords, Steps } from "./steps";
import type { Schema, Typed } from "./types";

const SCHEMA: Schema = {
  properties: {
    app_secret: { title: "App secret", description: "Signs.", type: "string", writeOnly: true },
    region: { title: "Region", description: "Where.", enum: ["eu", "us"], default: "eu" },
    private_key: { title: "Private key", description: "A file.", type: "string", writeOnly: true },
    previous_app_secret: { title: "Previous", description: "", type: "array", writeOnly: true },
  },
  required: ["app_secret"],
};

test("each field has a label, its meaning, and what is wrong with it", async () => {
  const onType = vi.fn<(typed: Typed) => void>();
  render(
    <Fields
      schema={SCHEMA}
      typed={{}}
      onType={onType}
      stored={null}
      refusal={{ reason: "no", fields: { app_secret: "too short" } }}
    />,
  );
  const secret = screen.getByLabelText("App secret");
  expect(secret.getAttribute("type")).toBe("password");
  expect(secret.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText("too short")).toBeTruthy();
  expect(screen.getByLabelText(/Private key/u).tagName).toBe("TEXTAREA");
  expect(screen.queryByText("Previous")).toBeNull();
  await userEvent.selectOptions(screen.getByLabelText(/Region/u), "us");
  expect(onType).toHaveBeenLastCalledWith({ region: "us" });
});

test("a stored secret is only said to be set", () => {
  render(<Fields schema={SCHEMA} typed={{}} onType={vi.fn()} stored={["app_secret"]} refusal={null} />);
  expect(screen.getByText("Signs. Set. Fill in to replace it.")).toBeTruthy();
  expect(screen.getByLabelText<HTMLInputElement>(/App secret/u).value).toBe("");
});

test("a choice that was made is not shown as if it were the usual one", () => {
  render(<Fields schema={SCHEMA} typed={{}} onType={vi.fn()} stored={["region"]} refusal={null} />);
  const region = screen.getByLabelText<HTMLSelectElement>(/Region/u);
  expect([...region.options].map((option) => option.text)).toEqual(["As it is", "eu", "us"]);
});

test("the usual choice stands in a list once", () => {
  render(<Fields schema={SCHEMA} typed={{}} onType={vi.fn()} stored={null} refusal={null} />);
  const region = screen.getByLabelText<HTMLSelectElement>(/Region/u);
  expect([...region.options].map((option) => option.text)).toEqual(["eu", "us"]);
});

test("steps call the fields by the names that the form has for them", () => {
  const steps = ["Copy the key into `app_secret`, as the header `x-key`"];
  expect(inWords(steps, [SCHEMA])).toEqual(["Copy the key into “App secret”, as the header `x-key`"]);
});

test("no address can be copied before the connection has one", () => {
  render(<Steps of={["Enter `https://a.test/hooks/<connection id>`"]} />);
  expect(screen.queryByRole("button")).toBeNull();
});

test("steps show their marks, and addresses can be copied", () => {
  render(<Steps of={["Open **Settings** → *Webhooks*, enter `https://a.test/hooks/1` as `url`"]} />);
  expect(screen.getByText("Settings").tagName).toBe("STRONG");
  expect(screen.getByText("Webhooks").tagName).toBe("EM");
  expect(screen.getByText("https://a.test/hooks/1").tagName).toBe("CODE");
  expect(screen.getAllByRole("button", { name: "Copy the URL" })).toHaveLength(1);
});
