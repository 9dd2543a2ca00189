import { beforeEach, expect, test } from "vitest";
import type { CustomerCard, CustomerNote, CustomField } from "../model/customer";
import {
  cards,
  erased,
  fields,
  foldCustomers,
  forgetCustomers,
  keepCard,
  keepNotes,
  moved,
  notes,
} from "./known";

const JANE: CustomerCard = {
  id: "cus_1",
  name: "Jane",
  business_name: null,
  customer_code: null,
  status: "active",
  merged_into: null,
  identities: [],
  opt_outs: [],
  label_ids: [],
  custom_fields: {},
  created_at: "2026-01-01T00:00:00.000Z",
  updated_at: "2026-01-01T00:00:00.000Z",
  deleted_at: null,
};
const TWIN: CustomerCard = { ...JANE, id: "cus_2" };
const NOTE: CustomerNote = {
  id: "cnt_1",
  customer_id: "cus_1",
  author_id: null,
  text: "Likes hats.",
  created_at: "2026-01-01T00:00:00.000Z",
  edited_at: null,
  deleted_at: null,
};
const FIELD: CustomField = {
  id: "fld_1",
  key: "tier",
  name: "Tier",
  type: "text",
  choices: [],
  position: 0,
  deleted_at: null,
};

function keys(): readonly string[] {
  return (fields.value ?? []).map((field) => field.key);
}

beforeEach(() => {
  forgetCustomers();
});

test("a card that is known is kept fresh, and nobody else's is read", () => {
  keepCard(JANE);
  foldCustomers([
    { type: "customer.updated", seq: 1, data: { ...JANE, name: "Jane Doe" } },
    { type: "customer.updated", seq: 2, data: TWIN },
  ]);
  expect([...cards.value.values()].map((card) => card.name)).toEqual(["Jane Doe"]);
});

test("a merge and its undoing tell that conversations have moved", () => {
  keepCard(JANE);
  keepCard(TWIN);
  const merged: CustomerCard = { ...TWIN, status: "merged", merged_into: JANE.id };
  const before = moved.value;
  foldCustomers([{ type: "customer.merged", seq: 1, data: { customer: JANE, merged } }]);
  expect(cards.value.get(TWIN.id)?.merged_into).toBe(JANE.id);
  expect(moved.value).toBe(before + 1);
  foldCustomers([{ type: "customer.updated", seq: 2, data: TWIN }]);
  expect(moved.value).toBe(before + 2);
});

test("of a customer who was erased nothing is known any more", () => {
  keepCard(JANE);
  keepCard(TWIN);
  keepNotes("cus_1", [NOTE]);
  foldCustomers([{ type: "customer.erased", seq: 1, data: { id: "cus_1", merged_ids: ["cus_2"] } }]);
  expect([cards.value.size, notes.value.size]).toEqual([0, 0]);
  expect([...erased.value]).toEqual(["cus_1", "cus_2"]);
  forgetCustomers();
  expect(erased.value.size).toBe(0);
});

test("notes of an opened customer come, change and go, the newest first", () => {
  keepNotes("cus_1", [NOTE]);
  const later = { ...NOTE, id: "cnt_2", created_at: "2026-01-02T00:00:00.000Z" };
  foldCustomers([
    { type: "customer_note.updated", seq: 1, data: later },
    { type: "customer_note.updated", seq: 2, data: { ...NOTE, text: "Likes caps." } },
    { type: "customer_note.updated", seq: 3, data: { ...NOTE, customer_id: "cus_2" } },
  ]);
  expect(notes.value.get("cus_1")?.map((note) => note.text)).toEqual(["Likes hats.", "Likes caps."]);
  expect(notes.value.has("cus_2")).toBe(false);
  foldCustomers([
    { type: "customer_note.updated", seq: 4, data: { ...later, deleted_at: later.created_at } },
  ]);
  expect(notes.value.get("cus_1")).toHaveLength(1);
});

test("fields that were read are kept in their order", () => {
  foldCustomers([{ type: "custom_field.updated", seq: 1, data: FIELD }]);
  expect(fields.value).toBeNull();
  fields.value = [FIELD];
  foldCustomers([
    { type: "custom_field.updated", seq: 2, data: { ...FIELD, id: "fld_2", key: "a", position: 1 } },
    { type: "custom_field.updated", seq: 3, data: { ...FIELD, position: 2 } },
  ]);
  expect(keys()).toEqual(["a", "tier"]);
  foldCustomers([
    { type: "custom_field.updated", seq: 4, data: { ...FIELD, deleted_at: "2026-01-02T00:00:00.000Z" } },
  ]);
  expect(keys()).toEqual(["a"]);
});
