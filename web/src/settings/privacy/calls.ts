/** What the page asks the gateway about exports and erasures of customers. */

import { get, post } from "../../api";

export type RequestKind = "export" | "erasure";

export interface DataRequest {
  readonly id: string;
  readonly kind: RequestKind;
  readonly customer_id: string;
  readonly customer_name: string | null;
  readonly user_id: string | null;
  readonly state: "waiting" | "running" | "done" | "failed";
  readonly step: string | null;
  readonly counts: Readonly<Record<string, number>>;
  /** Which trouble it is; what it means is said in the page's language. */
  readonly error_code: string | null;
  readonly error: string | null;
  readonly size: number | null;
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

export interface RequestPage {
  readonly data: readonly DataRequest[];
  readonly next_cursor: string | null;
}

export interface Certificate {
  readonly erased: readonly {
    readonly table: string;
    readonly rows: number;
    readonly how: "removed" | "emptied";
    /** What such rows tell, in English. */
    readonly holds: string;
  }[];
  readonly kept: readonly { readonly what: string; readonly rows: number | null }[];
}

export function listRequests(cursor: string | null): Promise<RequestPage> {
  const query = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
  return get<RequestPage>(`/data-requests?limit=50${query}`);
}

export function addRequest(kind: RequestKind, customer: string): Promise<DataRequest> {
  return post<DataRequest>("/data-requests", { kind, customer_id: customer });
}

/** Where the archive of an export can be downloaded for some minutes. */
export async function archiveUrl(id: string): Promise<string> {
  return (await get<{ readonly url: string }>(`/data-requests/${id}/archive`)).url;
}

export function readCertificate(id: string): Promise<Certificate> {
  return get<Certificate>(`/data-requests/${id}/certificate`);
}

/** Where the certificate of an erasure is; the browser saves it. */
export function certificateUrl(id: string): string {
  return `/api/v1/data-requests/${id}/certificate`;
}
