import { expect, test } from "vitest";
import { ApiError } from "../api";
import type { Schema } from "./types";
import { changesOf, isShown, refusalOf, typedOf, valuesOf } from "./values";

const SCHEMA: Schema = {
  properties: {
    token: { title: "Token", description: "", type: "string", writeOnly: true },
    port: { title: "Port", description: "", type: "integer" },
    strict: { title: "Strict", description: "", type: "boolean" },
    hosts: { title: "Hosts", description: "", type: "array" },
    shape: { title: "Shape", description: "", type: "object" },
  },
  required: ["token"],
};

test("what was typed becomes what the schema asks for, and empty fields are left out", () => {
  const typed = { token: " s ", port: "25", strict: "true", hosts: "a\n\n b ", shape: '{"x":1}', other: "y" };
  expect(valuesOf(SCHEMA, typed)).toEqual({
    token: "s",
    port: 25,
    strict: true,
    hosts: ["a", "b"],
    shape: { x: 1 },
  });
  expect(valuesOf(SCHEMA, { token: "  ", port: "" })).toEqual({});
});

test("what can't be converted goes as it is, for the gateway to say why not", () => {
  expect(valuesOf(SCHEMA, { port: "x", shape: "{" })).toEqual({ port: "x", shape: "{" });
});

test("settings are shown as they are, and only changes are sent", () => {
  const before = typedOf(SCHEMA, { port: 25, hosts: ["a", "b"], unknown: 1 });
  expect(before).toEqual({ port: "25", hosts: "a\nb" });
  expect(changesOf(SCHEMA, before, before)).toEqual({});
  expect(changesOf(SCHEMA, before, { ...before, port: "", strict: "false" })).toEqual({
    port: null,
    strict: false,
  });
});

test("a refusal is led back to its fields", () => {
  const faults = [
    { pointer: "/credentials/token", detail: "too short" },
    { pointer: "/credentials/hosts/0", detail: "no host" },
    { pointer: "/settings/port", detail: "no number" },
  ];
  const error = new ApiError(422, "invalid", "some values", null, faults);
  expect(refusalOf(error, "/credentials").fields).toEqual({ token: "too short", hosts: "no host" });
  const whole = new ApiError(422, "invalid", "x", null, [
    { pointer: "/credentials", detail: "one is needed" },
  ]);
  expect(refusalOf(whole, "/credentials")).toEqual({ reason: "one is needed", fields: {} });
  expect(() => refusalOf(new TypeError("a bug"), "")).toThrow(TypeError);
});

test("earlier secrets have no field of their own", () => {
  expect(["token", "previous_token"].filter(isShown)).toEqual(["token"]);
});
