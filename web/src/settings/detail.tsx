/** One connection: how to set it up, whether it works, and what can be changed. */

import { useEffect, useId, useState } from "preact/hooks";
import { announcement } from "../shell/announce";
import { Dialog } from "../ui/dialog";
import { ago, now } from "../ui/time";
import { words } from "../words";
import { AlarmBadges, Alarms } from "./alarms";
import { Badge } from "./badge";
import { Channels } from "./channels";
import { change, mayManage, providers, refresh, remove } from "./connections";
import { CopyButton } from "./copy";
import { EditForm } from "./edit";
import { goTo } from "./places";
import { SelfTestPanel } from "./selftest";
import { inWords, Marked, Steps } from "./steps";
import type { ConnectionView } from "./types";
import { refusalOf } from "./values";

const LOOK_AGAIN_MS = 3000;
const SENSITIVITIES = ["off", "low", "normal", "high"] as const;

export function Detail({ of }: { readonly of: ConnectionView }) {
  const provider = providers.value.find((one) => one.name === of.provider);
  const schemas = provider === undefined ? [] : [provider.settings, provider.credentials];
  return (
    <>
      <State of={of} />
      <section class="section">
        <h2>{words.settings.setUp}</h2>
        {of.hook_url !== null && <HookUrl url={of.hook_url} />}
        <Steps of={inWords(of.steps, schemas)} />
        {provider !== undefined && (
          <ul class="notes">
            {inWords(provider.notes, schemas).map((note) => (
              <li key={note}>
                <Marked text={note} />
              </li>
            ))}
            <li>
              <a class="link" href={provider.documentation} target="_blank" rel="noopener noreferrer">
                {words.settings.documentation}
              </a>
            </li>
          </ul>
        )}
      </section>
      {mayManage.value && (
        <section class="section">
          <h2>{words.settings.test}</h2>
          <SelfTestPanel id={of.id} />
        </section>
      )}
      {provider !== undefined && (
        <section class="section">
          <h2>{words.settings.channels}</h2>
          <Channels of={of} provider={provider} />
        </section>
      )}
      {provider !== undefined && mayManage.value && <EditForm of={of} provider={provider} />}
      {mayManage.value && <Removal of={of} />}
    </>
  );
}

function State({ of }: { readonly of: ConnectionView }) {
  const id = useId();
  const [failure, setFailure] = useState<string | null>(null);
  const on = of.status !== "disabled";
  const silent = of.alarms.some((alarm) => alarm.kind === "silence");
  const waits = on && of.hook_url !== null && of.last_webhook_at === null && !silent;
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(() => void refresh(of.id), LOOK_AGAIN_MS);
    return () => {
      clearInterval(timer);
    };
  }, [waits, of.id]);
  const turn = async (body: unknown) => {
    try {
      await change(of.id, body);
      setFailure(null);
    } catch (error) {
      setFailure(refusalOf(error, "").reason);
    }
  };
  return (
    <section class="section state">
      <p class="state-line" role="status">
        <Badge kind={of.status}>{words.settings.status[of.status] ?? of.status}</Badge>
        <AlarmBadges of={of} />
        {of.report_only && <Badge kind="waiting">{words.settings.reportOnly}</Badge>}
        <span class="soft">
          {waits && words.settings.waiting}
          {of.last_webhook_at !== null && words.settings.lastWebhook(ago(of.last_webhook_at, now.value))}
        </span>
      </p>
      <Alarms of={of} />
      {of.error !== null && <p class="login-refusal">{of.error}</p>}
      {failure !== null && (
        <p class="login-refusal" role="alert">
          {failure}
        </p>
      )}
      {mayManage.value && (
        <div class="actions">
          <button
            type="button"
            class="button"
            onClick={() => void turn({ status: on ? "disabled" : "active" })}
          >
            {on ? words.settings.disable : words.settings.enable}
          </button>
          <label class="tick">
            <input
              type="checkbox"
              checked={of.report_only}
              onChange={(event) => void turn({ report_only: event.currentTarget.checked })}
            />
            <span>
              {words.settings.reportOnly}: {words.settings.reportOnlyWhy}
            </span>
          </label>
        </div>
      )}
      {mayManage.value && (
        <div class="field">
          <label for={`${id}-silence`}>{words.settings.mindSilence}</label>
          <select
            id={`${id}-silence`}
            value={of.silence}
            aria-describedby={`${id}-silence-note`}
            onChange={(event) => void turn({ silence: event.currentTarget.value })}
          >
            {SENSITIVITIES.map((one) => (
              <option key={one} value={one}>
                {words.settings.silence[one]}
              </option>
            ))}
          </select>
          <p class="field-note" id={`${id}-silence-note`}>
            {words.settings.silenceNote}
          </p>
        </div>
      )}
    </section>
  );
}

function HookUrl({ url }: { readonly url: string }) {
  return (
    <div class="hook-url">
      <span class="soft">{words.settings.hookUrl}</span>
      <span class="code-line">
        <code>{url}</code>
        <CopyButton text={url} what={words.settings.url} />
      </span>
    </div>
  );
}

function Removal({ of }: { readonly of: ConnectionView }) {
  const [asked, setAsked] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const go = async () => {
    try {
      await remove(of.id);
      announcement.value = words.settings.removed(of.name);
      goTo("");
    } catch (error) {
      setFailure(refusalOf(error, "").reason);
    }
  };
  const close = () => {
    setAsked(false);
  };
  return (
    <section class="section">
      <h2>{words.settings.danger}</h2>
      <p class="section-lead">{words.settings.dangerWhy}</p>
      <button
        type="button"
        class="button danger"
        onClick={() => {
          setAsked(true);
        }}
      >
        {words.settings.danger}
      </button>
      {asked && (
        <Dialog title={words.settings.confirm(of.name)} onClose={close}>
          <div class="dialog-text">
            <p>{words.settings.dangerWhy}</p>
            {failure !== null && (
              <p class="login-refusal" role="alert">
                {failure}
              </p>
            )}
            <div class="actions">
              <button type="button" class="button danger" onClick={() => void go()}>
                {words.settings.confirmYes}
              </button>
              <button type="button" class="button" onClick={close}>
                {words.settings.confirmNo}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </section>
  );
}
