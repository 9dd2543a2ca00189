/** Fetching all customers as a file, and saying how far that is. */

import type { IconNode } from "lucide";
import { useState } from "preact/hooks";
import { send } from "../api";
import { faultOf } from "../customer/identities";
import { Icon } from "../ui/icon";
import { words } from "../words";

const LINE_END = 10;

export function Export({ icon }: { readonly icon: IconNode }) {
  const [progress, setProgress] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const fetchAll = async () => {
    setProgress(words.customers.exporting(0, 0));
    try {
      save(
        await download((done, total) => {
          setProgress(words.customers.exporting(done, total));
        }),
      );
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
    setProgress(null);
  };
  return (
    <>
      {fault !== null && (
        <span class="record-fault" role="alert">
          {fault}
        </span>
      )}
      <button type="button" class="button" disabled={progress !== null} onClick={() => void fetchAll()}>
        <Icon of={icon} />
        {progress ?? words.customers.export}
      </button>
    </>
  );
}

/** Read the file piece by piece, counting its lines; a cell may hold some, so that the count is a good guess only. */
async function download(tell: (done: number, total: number) => void): Promise<Blob> {
  const answer = await send("/customers.csv", {});
  const total = Number(answer.headers.get("Postgate-Rows") ?? "0");
  const reader = answer.body?.getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let lines = -1; // the first one names the columns
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    pieces.push(value);
    for (const byte of value) lines += byte === LINE_END ? 1 : 0;
    tell(Math.max(0, Math.min(lines, total)), total);
  }
  return new Blob(pieces, { type: "text/csv" });
}

function save(file: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = "customers.csv";
  link.click();
  URL.revokeObjectURL(link.href);
}
