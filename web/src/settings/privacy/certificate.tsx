/** What an erasure did, table by table, and what stays of the customer: the certificate, to read. */

import { useState } from "preact/hooks";
import { number } from "../../ui/number";
import { words } from "../../words";
import { refusedBecause } from "../loaded";
import { readCertificate, type Certificate } from "./calls";

/** It is read when somebody opens it. */
export function Told({ id }: { readonly id: string }) {
  const [told, setTold] = useState<Certificate | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const read = async () => {
    try {
      setTold(await readCertificate(id));
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  return (
    <details
      class="request-told"
      onToggle={({ currentTarget }) => {
        if (currentTarget.open && told === null) void read();
      }}
    >
      <summary>{words.certificate.open}</summary>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      {told !== null && <Tables of={told} />}
    </details>
  );
}

function Tables({ of }: { readonly of: Certificate }) {
  const { tables, kept, how, uncounted } = words.certificate;
  return (
    <>
      <Table
        title={words.certificate.gone}
        rows={of.erased.map((one) => [tables[one.table] ?? one.holds, `${number(one.rows)} ${how[one.how]}`])}
      />
      <Table
        title={words.certificate.stays}
        rows={of.kept.map((one) => [
          kept[one.what] ?? one.what,
          one.rows === null ? uncounted : number(one.rows),
        ])}
      />
    </>
  );
}

interface TableProps {
  readonly title: string;
  readonly rows: readonly (readonly [string, string])[];
}

function Table({ title, rows }: TableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{title}</th>
          <th scope="col">{words.certificate.rows}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([what, count]) => (
          <tr key={what}>
            <td>{what}</td>
            <td class="numbers">{count}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
