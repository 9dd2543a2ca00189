/** Importing a file: what its columns hold, a check, and how far it is. */

import { ArrowLeft, Upload } from "lucide";
import type { RefObject } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { faultOf } from "../customer/identities";
import type { CustomerImport, ImportPlan, ImportProblem } from "../model/customer";
import { go } from "../route";
import { Icon } from "../ui/icon";
import { marked } from "../ui/plain";
import { words } from "../words";
import { beginImport, cancelImport, importProblems, readFields, readImport, uploadImport } from "./calls";
import { fields } from "./known";
import "../ui/form.css";

const LOOK = 500;
const FIELD = "custom_fields.";
const BUSY: readonly CustomerImport["state"][] = ["checking", "running"];
const OPEN: readonly CustomerImport["state"][] = ["uploaded", "checked"];

/** Without an id there is no file yet. */
export function ImportPage({ id }: { readonly id: string }) {
  return (
    <div class="import">
      <p>
        <button
          type="button"
          class="button quiet"
          onClick={() => {
            go({ place: "" });
          }}
        >
          <Icon of={ArrowLeft} />
          {words.customers.back}
        </button>
      </p>
      <h1>{words.customers.importTitle}</h1>
      {id === "" ? <Choosing /> : <Running id={id} />}
    </div>
  );
}

function Choosing() {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const upload = useCallback(async (file: File | null | undefined) => {
    if (!file) return;
    setBusy(true);
    try {
      go({ place: `import/${(await uploadImport(file)).id}` }, "replace");
    } catch (error) {
      setFault(faultOf(error));
      setBusy(false);
    }
  }, []);
  const zone = useRef<HTMLDivElement>(null);
  const over = useDrop(zone, upload);
  return (
    <>
      <p class="soft">{words.customers.importLead}</p>
      <div class="import-drop" data-over={over} ref={zone}>
        <Icon of={Upload} size={20} />
        <label class="button primary">
          {words.customers.importChoose}
          <input
            type="file"
            class="unseen"
            accept=".csv,.tsv,.txt,text/csv"
            disabled={busy}
            onChange={(event) => void upload(event.currentTarget.files?.[0])}
          />
        </label>
        <span>{words.customers.importDrop}</span>
      </div>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

/** Take a file that is dropped; tells whether one is held over the place. Its button does the same by keyboard. */
function useDrop(
  zone: RefObject<HTMLElement | null>,
  take: (file: File | undefined) => Promise<void>,
): boolean {
  const [over, setOver] = useState(false);
  useEffect(() => {
    const place = zone.current;
    const listening = new AbortController();
    const hear = (name: "dragover" | "dragleave" | "drop", said: (event: DragEvent) => void) => {
      place?.addEventListener(name, said, { signal: listening.signal });
    };
    hear("dragover", (event) => {
      event.preventDefault();
      setOver(true);
    });
    hear("dragleave", () => {
      setOver(false);
    });
    hear("drop", (event) => {
      event.preventDefault();
      setOver(false);
      void take(event.dataTransfer?.files[0]);
    });
    return () => {
      listening.abort();
    };
  }, [zone, take]);
  return over;
}

function Running({ id }: { readonly id: string }) {
  const [now, setNow] = useState<CustomerImport | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const attempt = async (what: Promise<CustomerImport>) => {
    try {
      setNow(await what);
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  useEffect(() => {
    void attempt(readImport(id));
    void readFields();
  }, [id]);
  const busy = now !== null && BUSY.includes(now.state);
  useEffect(() => {
    if (!busy) return undefined;
    const look = setInterval(() => void attempt(readImport(id)), LOOK);
    return () => {
      clearInterval(look);
    };
  }, [id, busy]);
  return (
    <>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
      {now !== null && <State of={now} />}
      {now !== null && OPEN.includes(now.state) && (
        <Plan
          key={now.state}
          of={now}
          onBegin={(how, plan) => void attempt(beginImport(id, how, plan))}
          onCancel={() => void attempt(cancelImport(id))}
        />
      )}
      {now?.state === "running" && (
        <p>
          <button type="button" class="button" onClick={() => void attempt(cancelImport(id))}>
            {words.customers.importStop}
          </button>
        </p>
      )}
      {now !== null && !busy && now.failed > 0 && <Problems of={now} />}
      {now !== null && !busy && !OPEN.includes(now.state) && (
        <p>
          <button
            type="button"
            class="button primary"
            onClick={() => {
              go({ place: "import" });
            }}
          >
            {words.customers.importAnother}
          </button>
        </p>
      )}
    </>
  );
}

function State({ of }: { readonly of: CustomerImport }) {
  const share = of.rows_total === 0 ? 100 : Math.floor((of.rows_done / of.rows_total) * 100);
  const read = words.customers.importRead(of.rows_done, of.rows_total);
  return (
    <>
      <p role="status">
        <strong>{marked(of.filename)}</strong> · {words.customers.importRows(of.rows_total)} ·{" "}
        {words.customers.importStates[of.state]} {of.error}
      </p>
      {of.state !== "uploaded" && (
        <>
          <div
            class="progress"
            role="progressbar"
            aria-label={words.customers.importProgress}
            aria-valuenow={share}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuetext={read}
          >
            <span style={{ width: `${share}%` }} />
          </div>
          <p class="soft numbers">{read}</p>
          <dl class="import-counts numbers">
            {(["created", "updated", "skipped", "failed"] as const).map((one) => (
              <div key={one}>
                <dt>{words.customers.importCounts[one]}</dt>
                <dd>{of[one]}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </>
  );
}

interface PlanProps {
  readonly of: CustomerImport;
  readonly onBegin: (how: "check" | "start", plan: ImportPlan) => void;
  readonly onCancel: () => void;
}

function Plan({ of, onBegin, onCancel }: PlanProps) {
  const [targets, setTargets] = useState(of.plan.targets);
  const [country, setCountry] = useState(of.plan.country ?? "");
  const plan: ImportPlan = { ...of.plan, targets, country: country === "" ? null : country.toUpperCase() };
  const known = [
    ...Object.entries(words.customers.targets),
    ...(fields.value ?? []).map((one) => [FIELD + one.key, one.name] as const),
  ];
  return (
    <>
      <div class="import-table">
        <table>
          <thead>
            <tr>
              <th>{words.customers.importColumn}</th>
              <th>{words.customers.importHolds}</th>
              <th>{words.customers.importSample}</th>
            </tr>
          </thead>
          <tbody>
            {of.columns.map((column, place) => (
              <tr key={`${place} ${column}`}>
                <td>{column}</td>
                <td>
                  <select
                    aria-label={`${words.customers.importHolds}: ${column}`}
                    value={targets[place] ?? ""}
                    onChange={(event) => {
                      const chosen = event.currentTarget.value || null;
                      setTargets(targets.map((target, at) => (at === place ? chosen : target)));
                    }}
                  >
                    <option value="">{words.customers.importNothing}</option>
                    {known.map(([value, name]) => (
                      <option key={value} value={value}>
                        {name}
                      </option>
                    ))}
                  </select>
                </td>
                <td>{of.sample.map((row) => row[place] ?? "").find((cell) => cell !== "") ?? ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div class="field">
        <label for="import-country">{words.customers.importCountry}</label>
        <input
          id="import-country"
          value={country}
          maxLength={2}
          autocomplete="off"
          onInput={(event) => {
            setCountry(event.currentTarget.value.trim());
          }}
        />
        <p class="soft">{words.customers.importCountryNote}</p>
      </div>
      <div class="import-foot">
        <button
          type="button"
          class="button primary"
          onClick={() => {
            onBegin("start", plan);
          }}
        >
          {words.customers.importStart}
        </button>
        <button
          type="button"
          class="button"
          onClick={() => {
            onBegin("check", plan);
          }}
        >
          {words.customers.importCheck}
        </button>
        <button type="button" class="button quiet" onClick={onCancel}>
          {words.customers.cancel}
        </button>
      </div>
    </>
  );
}

function Problems({ of }: { readonly of: CustomerImport }) {
  const [rows, setRows] = useState<readonly ImportProblem[]>([]);
  useEffect(() => {
    importProblems(of.id).then(setRows, () => {
      setRows([]); // the file below holds them all
    });
  }, [of.id, of.failed]);
  return (
    <section class="import-problems">
      <h2>{words.customers.importProblems}</h2>
      <ul>
        {rows.map((one) => (
          <li key={one.row}>
            <span class="numbers">{words.customers.importProblemRow(one.row)}</span>
            {one.column === null ? "" : ` · ${one.column}`}: {one.detail}
          </li>
        ))}
      </ul>
      <p>
        <a class="link" href={`/api/v1/customer-imports/${of.id}/problems.csv`} download>
          {words.customers.importDownload}
        </a>
      </p>
    </section>
  );
}
