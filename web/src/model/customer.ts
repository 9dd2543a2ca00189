/** A customer's whole card, and what is kept beside it. A conversation shows only a little of it (`Customer`). */

import type { Message, Timestamp } from "./types";

export type IdentityKind = "phone" | "whatsapp" | "bsuid" | "email";
export type FieldType = "text" | "number" | "date" | "boolean" | "choice";
export type FieldValue = string | number | boolean;

export interface Identity {
  readonly kind: IdentityKind;
  readonly value: string;
}

export interface OptOut {
  readonly channel_id: string;
  readonly address: string;
  readonly category: string;
  readonly opted_out_at: Timestamp;
}

export interface CustomerCard {
  readonly id: string;
  readonly name: string | null;
  readonly business_name: string | null;
  readonly customer_code: string | null;
  readonly status: "active" | "blocked" | "merged";
  readonly merged_into: string | null;
  readonly identities: readonly Identity[];
  readonly opt_outs: readonly OptOut[];
  readonly label_ids: readonly string[];
  readonly custom_fields: Readonly<Record<string, FieldValue>>;
  readonly created_at: Timestamp;
  readonly updated_at: Timestamp;
  readonly deleted_at: Timestamp | null;
}

export interface CustomerNote {
  readonly id: string;
  readonly customer_id: string;
  readonly author_id: string | null;
  readonly text: string;
  readonly created_at: Timestamp;
  readonly edited_at: Timestamp | null;
  readonly deleted_at: Timestamp | null;
}

export interface CustomField {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly type: FieldType;
  readonly choices: readonly string[];
  readonly position: number;
  readonly deleted_at: Timestamp | null;
}

export interface Merge {
  readonly id: string;
  readonly customer_id: string;
  readonly merged_id: string;
  readonly merged_name: string | null;
  readonly user_id: string | null;
  readonly created_at: Timestamp;
  readonly undone_at: Timestamp | null;
}

/** What a merge, or its undoing, answers. */
export interface MergeResult {
  readonly merge: Merge;
  readonly customer: CustomerCard;
  readonly merged: CustomerCard;
}

export interface Duplicate {
  readonly customer: CustomerCard;
  readonly reasons: readonly ("number" | "name")[];
}

export interface TimelineItem {
  readonly type: "message" | "note" | "merge" | "opt_out";
  readonly at: Timestamp;
  readonly message?: Message;
  readonly note?: CustomerNote;
  readonly merge?: Merge;
  readonly opt_out?: OptOut;
}

export interface CustomerImport {
  readonly id: string;
  readonly filename: string;
  readonly columns: readonly string[];
  readonly sample: readonly (readonly string[])[];
  readonly plan: ImportPlan;
  readonly state: "uploaded" | "checking" | "checked" | "running" | "done" | "failed" | "cancelled";
  readonly error: string | null;
  readonly rows_total: number;
  readonly rows_done: number;
  readonly created: number;
  readonly updated: number;
  readonly skipped: number;
  readonly failed: number;
  readonly created_at: Timestamp;
}

export interface ImportPlan {
  readonly targets: readonly (string | null)[];
  readonly country: string | null;
  readonly label_ids: readonly string[];
}

export interface ImportProblem {
  readonly row: number;
  readonly column: string | null;
  readonly detail: string;
}
