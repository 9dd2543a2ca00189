/** Settings → Privacy: what customers asked for of their data, and what became of it. */

import { Download, FileCheck2, ShieldCheck } from "lucide";
import { useCallback, useState } from "preact/hooks";
import { Icon } from "../../ui/icon";
import { Notice } from "../../ui/notice";
import { number } from "../../ui/number";
import { plainName } from "../../ui/plain";
import { usePoll } from "../../ui/poll";
import { fileSize } from "../../ui/size";
import { ago, exact, now } from "../../ui/time";
import { words } from "../../words";
import { memberName } from "../../workspace";
import { refusedBecause } from "../loaded";
import { Screen } from "../screen";
import { archiveUrl, certificateUrl, listRequests, type DataRequest } from "./calls";
import { Told } from "./certificate";
import "./privacy.css";

const EVERY = 2000;

export default function Privacy() {
  const [rows, setRows] = useState<readonly DataRequest[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const read = useCallback(async (after: string | null) => {
    try {
      const page = await listRequests(after);
      setRows((before) => (after === null ? page.data : [...(before ?? []), ...page.data]));
      setCursor(page.next_cursor);
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  }, []);
  const moving = rows === null || rows.some(({ state }) => state === "waiting" || state === "running");
  usePoll(() => read(null), EVERY, moving);
  return (
    <Screen title={words.privacy.title} lead={words.privacy.lead}>
      {fault !== null && (
        <p class="form-refusal" role="alert">
          {fault}
        </p>
      )}
      {rows?.length === 0 && (
        <Notice icon={ShieldCheck} title={words.privacy.none}>
          <p>{words.privacy.noneWhy}</p>
        </Notice>
      )}
      <ul class="cards">
        {rows?.map((one) => (
          <li key={one.id}>
            <Row of={one} />
          </li>
        ))}
      </ul>
      {cursor !== null && (
        <p>
          <button type="button" class="button" onClick={() => void read(cursor)}>
            {words.privacy.more}
          </button>
        </p>
      )}
    </Screen>
  );
}

function Row({ of }: { readonly of: DataRequest }) {
  const [fault, setFault] = useState<string | null>(null);
  const download = async () => {
    try {
      window.location.assign(await archiveUrl(of.id));
      setFault(null);
    } catch (error) {
      setFault(refusedBecause(error));
    }
  };
  const errors: Readonly<Record<string, string>> = words.privacy.errors;
  const said = fault ?? errors[of.error_code ?? ""] ?? of.error;
  const by = of.user_id === null ? words.privacy.aProgram : memberName(of.user_id);
  const there = of.expires_at !== null && Date.parse(of.expires_at) > now.value;
  return (
    <article class="card request-card" data-state={of.state}>
      <span class="card-name">
        <strong>{words.privacy.kinds[of.kind]}</strong>
        <span class="request-who" dir="auto">
          {plainName(of.customer_name) ?? <code>{of.customer_id}</code>}
        </span>
      </span>
      <span class="soft request-when" title={exact(of.created_at)}>
        {words.privacy.asked(by, ago(of.created_at, now.value))}
      </span>
      <span class="request-state" role="status">
        <State of={of} there={there} />
      </span>
      <span class="request-do">
        {of.kind === "export" && of.state === "done" && there && (
          <button type="button" class="button" onClick={() => void download()}>
            <Icon of={Download} />
            {words.privacy.download}
          </button>
        )}
        {of.kind === "erasure" && of.state === "done" && (
          <a class="button" href={certificateUrl(of.id)} download={`erasure-${of.id}.json`}>
            <Icon of={FileCheck2} />
            {words.privacy.certificate}
          </a>
        )}
      </span>
      {of.kind === "erasure" && of.state === "done" && <Told id={of.id} />}
      {said !== null && (
        <p class="form-refusal request-fault" role="alert">
          {said}
        </p>
      )}
    </article>
  );
}

function State({ of, there }: { readonly of: DataRequest; readonly there: boolean }) {
  if (of.state !== "done") return <>{words.privacy.states[of.state]}</>;
  const rows = Object.values(of.counts).reduce((sum, count) => sum + count, 0);
  if (of.kind === "erasure") return <>{words.privacy.erased(number(rows), Object.keys(of.counts).length)}</>;
  return <>{there ? words.privacy.made(fileSize(of.size ?? 0)) : words.privacy.over}</>;
}
