/** A customer's record: their card, addresses, labels, fields, notes and other conversations. */

import { signal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { changeCard, listOfCustomer, readCard, readFields, type CardChange } from "../customers/calls";
import { cards, erased, fields, moved } from "../customers/known";
import { ChannelGlyph } from "../list/channel";
import { ChangedMeanwhile } from "../meanwhile";
import type { CustomerCard, CustomField, FieldValue } from "../model/customer";
import type { Conversation, ConversationId } from "../model/types";
import { may } from "../permissions";
import { previewOf, subjectOf } from "../preview";
import { go, route, write } from "../route";
import { LabelChip } from "../ui/label";
import { Lazy } from "../ui/lazy";
import { Link } from "../ui/link";
import { Menu, MenuItem } from "../ui/menu";
import { ago, exact, now } from "../ui/time";
import { words } from "../words";
import { label, labels } from "../workspace";
import { faultOf, Identities } from "./identities";
import { Line } from "./line";
import { Notes } from "./notes";
import { Toast } from "./toast";
import "../ui/form.css";
import "./record.css";

const loadMerge = () => import("./merge");
const loadTimeline = () => import("./timeline");
const loadPrivacy = () => import("./privacy");

type Sheet = "merge" | "timeline" | "export" | "erasure" | null;
const sheet = signal<Sheet>(null);
const close = () => {
  sheet.value = null;
};

interface RecordProps {
  readonly customer: string;
  /** The conversation beside it, which is not one of the others. */
  readonly beside: ConversationId | null;
}

export default function Record({ customer, beside }: RecordProps) {
  const card = cards.value.get(customer);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    setFault(null);
    if (erased.peek().has(customer)) return;
    Promise.all([cards.peek().has(customer) ? null : readCard(customer), readFields()]).catch(
      (error: unknown) => {
        const gone = (error as { status?: number }).status === 404;
        setFault(gone ? words.customers.gone : words.customers.loadFailed);
      },
    );
  }, [customer]);
  if (erased.value.has(customer)) return <p class="record-fault">{words.customers.erased}</p>;
  if (card === undefined || card.deleted_at !== null) {
    const said = card === undefined ? fault : words.customers.deleted;
    return said === null ? null : <p class="record-fault">{said}</p>;
  }
  return (
    <div class="record">
      <Card of={card} beside={beside} />
      {sheet.value === "merge" && <Lazy load={loadMerge} of={{ of: card, onClose: close }} />}
      {(sheet.value === "export" || sheet.value === "erasure") && (
        <Lazy load={loadPrivacy} of={{ of: card, kind: sheet.value, onClose: close }} />
      )}
      {sheet.value === "timeline" && <Lazy load={loadTimeline} of={{ customer, onClose: close }} />}
      <Toast />
    </div>
  );
}

function Card({ of, beside }: { readonly of: CustomerCard; readonly beside: ConversationId | null }) {
  const fixed = !may("customers.write") || of.status === "merged";
  return (
    <>
      <Marks of={of} />
      <Actions of={of} fixed={fixed} />
      <Details of={of} fixed={fixed} />
      <Identities of={of} fixed={fixed} />
      <Labels of={of} fixed={fixed} />
      <OptOuts of={of} />
      <Notes customer={of.id} fixed={fixed} />
      <Others customer={of.id} beside={beside} />
    </>
  );
}

function Marks({ of }: { readonly of: CustomerCard }) {
  const into = of.merged_into;
  if (into !== null) {
    return (
      <p class="record-marks">
        {words.customers.ledOn}{" "}
        <button
          type="button"
          class="link"
          onClick={() => {
            go({ page: "customers", conversation: null, place: into });
          }}
        >
          {words.customers.goOn}
        </button>
      </p>
    );
  }
  return of.status === "blocked" ? (
    <p class="record-marks">
      <span class="record-blocked">{words.customers.blocked}</span>
    </p>
  ) : null;
}

function Actions({ of, fixed }: { readonly of: CustomerCard; readonly fixed: boolean }) {
  const [fault, setFault] = useState<string | null>(null);
  const turn = async () => {
    try {
      const status = of.status === "blocked" ? "active" : "blocked";
      await changeCard(of, () => ({ status }));
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  return (
    <>
      <div class="record-actions">
        <button
          type="button"
          class="button"
          onClick={() => {
            sheet.value = "timeline";
          }}
        >
          {words.customers.timeline}
        </button>
        {may("customers.merge") && of.status !== "merged" && (
          <button
            type="button"
            class="button"
            onClick={() => {
              sheet.value = "merge";
            }}
          >
            {words.customers.merge}
          </button>
        )}
        {!fixed && (
          <button type="button" class="button" onClick={() => void turn()}>
            {of.status === "blocked" ? words.customers.unblock : words.customers.block}
          </button>
        )}
        {may("audit.read") && (
          <button
            type="button"
            class="button"
            onClick={() => {
              const query = new URLSearchParams({ record: of.id }).toString();
              go({ page: "settings", area: "audit", place: "", conversation: null, query });
            }}
          >
            {words.audit.title}
          </button>
        )}
        {may("customers.privacy") && of.status !== "merged" && (
          <>
            <button
              type="button"
              class="button"
              onClick={() => {
                sheet.value = "export";
              }}
            >
              {words.privacy.export}
            </button>
            <button
              type="button"
              class="button danger"
              onClick={() => {
                sheet.value = "erasure";
              }}
            >
              {words.privacy.erase}
            </button>
          </>
        )}
      </div>
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
    </>
  );
}

function Details({ of, fixed }: { readonly of: CustomerCard; readonly fixed: boolean }) {
  const text = (key: "name" | "business_name" | "customer_code", title: string) => (
    <Line
      title={title}
      value={of[key] ?? ""}
      fixed={fixed}
      onChange={(value) => changed(of, { [key]: value === "" ? null : value })}
    />
  );
  return (
    <section>
      <h3>{words.customers.details}</h3>
      <div class="record-lines">
        {text("name", words.customers.name)}
        {text("business_name", words.customers.business)}
        {text("customer_code", words.customers.code)}
        {(fields.value ?? []).map((one) => (
          <Value key={one.id} of={of} field={one} fixed={fixed} />
        ))}
      </div>
    </section>
  );
}

interface ValueProps {
  readonly of: CustomerCard;
  readonly field: CustomField;
  readonly fixed: boolean;
}

function Value({ of, field, fixed }: ValueProps) {
  const value = of.custom_fields[field.key];
  const bool = field.type === "boolean";
  const yesNo = [
    { value: "true", name: words.customers.yes },
    { value: "false", name: words.customers.no },
  ];
  const choices = bool ? yesNo : field.choices.map((one) => ({ value: one, name: one }));
  const text = value === undefined ? "" : String(value);
  return (
    <Line
      title={field.name}
      value={text}
      shown={choices.find((one) => one.value === text)?.name ?? text}
      type={field.type === "number" || field.type === "date" ? field.type : "text"}
      {...(bool || field.type === "choice" ? { choices } : {})}
      fixed={fixed}
      onChange={(next) =>
        changed(of, { custom_fields: { [field.key]: next === "" ? null : typed(field, next) } })
      }
    />
  );
}

function typed({ type }: CustomField, text: string): FieldValue {
  if (type === "boolean") return text === "true";
  return type === "number" ? Number(text) : text;
}

async function changed(of: CustomerCard, change: CardChange): Promise<void> {
  try {
    await changeCard(of, () => change);
  } catch (error) {
    if (error instanceof ChangedMeanwhile) throw error;
    throw new Error(faultOf(error), { cause: error });
  }
}

function Labels({ of, fixed }: { readonly of: CustomerCard; readonly fixed: boolean }) {
  const [fault, setFault] = useState<string | null>(null);
  const turn = async (id: string) => {
    const has = of.label_ids.includes(id);
    try {
      await changeCard(of, ({ label_ids }) => {
        const others = label_ids.filter((one) => one !== id);
        return { label_ids: has ? others : [...others, id] };
      });
      setFault(null);
    } catch (error) {
      setFault(faultOf(error));
    }
  };
  const own = of.label_ids.map(label).filter((one) => one !== null);
  if (fixed && own.length === 0) return null;
  return (
    <section>
      <h3>{words.customers.labels}</h3>
      <div class="record-labels">
        {own.map((one) => (
          <LabelChip key={one.id} of={one} />
        ))}
      </div>
      {!fixed && labels.value.length > 0 && (
        <Menu
          label={words.customers.chooseLabels}
          class="link record-add"
          face={words.customers.chooseLabels}
        >
          {labels.value.map((one) => (
            <MenuItem key={one.id} checked={of.label_ids.includes(one.id)} onSelect={() => void turn(one.id)}>
              {one.name}
            </MenuItem>
          ))}
        </Menu>
      )}
      {labels.value.length === 0 && <p class="soft">{words.customers.noLabels}</p>}
      {fault !== null && (
        <p class="record-fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}

function OptOuts({ of }: { readonly of: CustomerCard }) {
  if (of.opt_outs.length === 0) return null;
  return (
    <section class="opt-outs">
      <h3>{words.customers.optOuts}</h3>
      <ul>
        {of.opt_outs.map((one) => (
          <li key={`${one.channel_id} ${one.address} ${one.category}`}>
            {one.address} ·{" "}
            {one.category === "all" ? words.customers.optOutAll : one.category.replaceAll("_", " ")} ·{" "}
            <time dateTime={one.opted_out_at} title={exact(one.opted_out_at)}>
              {ago(one.opted_out_at, now.value)}
            </time>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Others({ customer, beside }: { readonly customer: string; readonly beside: ConversationId | null }) {
  const [all, setAll] = useState<readonly Conversation[] | null>(null);
  const version = moved.value;
  useEffect(() => {
    listOfCustomer(customer).then(setAll, () => {
      setAll([]); // a list of shortcuts: the inbox has all of them
    });
  }, [customer, version]);
  if (all === null) return null;
  const others = all.filter((one) => one.id !== beside);
  return (
    <section>
      <h3>{beside === null ? words.customers.allConversations : words.customers.conversations}</h3>
      {others.length === 0 && <p class="soft">{words.customers.noConversations}</p>}
      <ul>
        {others.map((one) => (
          <li key={one.id}>
            <Other of={one} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Other({ of }: { readonly of: Conversation }) {
  const to = { ...route.value, page: "inbox" as const, conversation: of.id };
  return (
    <Link
      class="other-thread"
      href={write(to)}
      onGo={() => {
        go({ page: "inbox", conversation: of.id });
      }}
    >
      <ChannelGlyph kind={of.channel.kind} size={14} />
      <span>
        {subjectOf(of) ?? (of.last_message === null ? channelName(of) : previewOf(of.last_message))}
      </span>
      <time dateTime={of.last_message_at} title={exact(of.last_message_at)}>
        {ago(of.last_message_at, now.value)}
      </time>
    </Link>
  );
}

function channelName({ channel }: Conversation): string {
  return channel.name ?? words.channels[channel.kind];
}
