/** Settings → Audit: who read and changed personal data. */

import { Download, ScrollText } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { query } from "../../route";
import { Icon } from "../../ui/icon";
import { exact, now, relative } from "../../ui/time";
import { words } from "../../words";
import { Badge } from "../badge";
import { NoRows } from "../norows";
import { RecordId } from "../recordid";
import { Screen } from "../screen";
import { Filters } from "./filters";
import { cursor, list, load, more, parametersOf, state, type Access } from "./ledger";
import "../../ui/form.css";
import "./audit.css";

export default function AuditPage() {
  const asked = query.value.toString();
  useEffect(() => {
    void load();
  }, [asked]);
  return (
    <Screen title={words.audit.title} lead={words.audit.lead} wide>
      <Filters />
      <div class="audit-exports">
        <Export kind="csv">{words.audit.csv}</Export>
        <Export kind="jsonl">{words.audit.lines}</Export>
      </div>
      <Body />
    </Screen>
  );
}

function Export({ kind, children }: { readonly kind: "csv" | "jsonl"; readonly children: string }) {
  return (
    <a class="button" href={`/api/v1/audit.${kind}?${parametersOf(query.value).toString()}`} download>
      <Icon of={Download} />
      {children}
    </a>
  );
}

function Body() {
  if (state.value === "failed" || list.value.length === 0) {
    return (
      <NoRows
        icon={ScrollText}
        state={state.value}
        narrowed={query.value.size > 0}
        said={words.audit}
        onAgain={() => void load()}
      />
    );
  }
  return (
    <>
      <ul class="audit-rows">
        {list.value.map((one) => (
          <li key={one.id}>
            <Row of={one} />
          </li>
        ))}
      </ul>
      {cursor.value !== null && (
        <button type="button" class="button audit-more" onClick={() => void more()}>
          {words.audit.more}
        </button>
      )}
    </>
  );
}

function Row({ of }: { readonly of: Access }) {
  const { operations, tables, actors } = words.audit;
  const table = (tables as Record<string, string>)[of.table] ?? of.table;
  return (
    <details class="audit-row">
      <summary>
        <time class="numbers soft" dateTime={of.at} title={exact(of.at)}>
          {relative(of.at, now.value)}
        </time>
        <span class="audit-who">{of.actor.name ?? actors[of.actor.kind]}</span>
        <span class="audit-what">
          <Badge kind="plain">{operations[of.operation]}</Badge>
          <span>
            {table}
            {of.record_ids.length > 0 && <span class="soft numbers"> × {of.record_ids.length}</span>}
          </span>
        </span>
        <span class="soft numbers audit-ip">{of.ip}</span>
      </summary>
      <dl class="audit-more-of">
        <Fact name={words.audit.at}>{exact(of.at)}</Fact>
        <Fact name={words.audit.actor}>
          {[actors[of.actor.kind], of.actor.id].filter(Boolean).join(" · ")}
        </Fact>
        <Fact name={of.actor.kind === "operator" ? words.audit.command : words.audit.call}>
          <code>{of.action}</code>
        </Fact>
        {of.first_seq !== null && (
          <Fact name={words.audit.entries}>
            {of.last_seq === null
              ? words.audit.from(of.first_seq)
              : words.audit.range(of.first_seq, of.last_seq)}
          </Fact>
        )}
        {of.record_ids.length > 0 && (
          <Fact name={words.audit.records}>
            <Records ids={of.record_ids} />
          </Fact>
        )}
        <Fact name={words.audit.pii}>{of.contains_pii ? words.audit.shown : words.audit.notShown}</Fact>
        {of.user_agent !== null && <Fact name={words.audit.agent}>{of.user_agent}</Fact>}
        {of.request_id !== null && <Fact name={words.audit.request}>{of.request_id}</Fact>}
      </dl>
    </details>
  );
}

function Records({ ids }: { readonly ids: readonly string[] }) {
  return (
    <ul class="audit-ids">
      {ids.map((id) => (
        <li key={id}>
          <RecordId id={id} />
        </li>
      ))}
    </ul>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
