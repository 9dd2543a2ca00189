/** What is done with an endpoint at once: a test event, on and off, deleting it. */

import { Power, Zap } from "lucide";
import { useState } from "preact/hooks";
import type { Delivery, Endpoint } from "../model/endpoint";
import { go } from "../route";
import { refusedBecause } from "../settings/loaded";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { changeEndpoint, deleteEndpoint, sendPing } from "./calls";
import { endpointName, keepEndpoint } from "./known";
import { Watched } from "./watched";

interface OfEndpoint {
  readonly of: Endpoint;
}

/** Send a test event, and watch what comes of it. */
export function Ping({ of }: OfEndpoint) {
  const [sent, setSent] = useState<Delivery | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const close = () => {
    setSent(null);
    setRefusal(null);
  };
  const ping = async () => {
    close();
    try {
      setSent(await sendPing(of.id));
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  return (
    <>
      <button type="button" class="button" onClick={() => void ping()}>
        <Icon of={Zap} />
        {words.endpoints.ping}
      </button>
      {(sent !== null || refusal !== null) && (
        <Dialog title={words.endpoints.pingTitle} onClose={close}>
          <div class="dialog-text">
            {refusal !== null && (
              <p class="form-refusal" role="alert">
                {refusal}
              </p>
            )}
            {sent !== null && <Watched key={sent.id} id={sent.id} />}
          </div>
        </Dialog>
      )}
    </>
  );
}

/** Enable what is disabled; or disable it, once that was confirmed. */
export function Switch({ of }: OfEndpoint) {
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const close = () => {
    setAsking(false);
    setRefusal(null);
  };
  const become = async (status: Endpoint["status"]) => {
    try {
      keepEndpoint(await changeEndpoint(of.id, { status }));
      close();
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  if (of.status === "disabled") {
    return (
      <div>
        <button type="button" class="button primary" onClick={() => void become("enabled")}>
          {words.endpoints.enable}
        </button>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
      </div>
    );
  }
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={() => {
          setAsking(true);
        }}
      >
        <Icon of={Power} />
        {words.endpoints.disable}
      </button>
      {asking && (
        <Sure
          title={words.endpoints.disableTitle(endpointName(of))}
          why={words.endpoints.disableWhy}
          yes={words.endpoints.disable}
          refusal={refusal}
          onYes={() => void become("disabled")}
          onClose={close}
        />
      )}
    </>
  );
}

export function DeleteEndpoint({ of }: OfEndpoint) {
  const [asking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const remove = async () => {
    try {
      await deleteEndpoint(of.id);
      go({ place: "" });
      keepEndpoint({ ...of, updated_at: new Date().toISOString(), deleted_at: new Date().toISOString() });
    } catch (error) {
      setRefusal(refusedBecause(error));
    }
  };
  return (
    <section class="section" aria-labelledby="danger">
      <h2 id="danger">{words.endpoints.danger}</h2>
      <p class="section-lead">{words.endpoints.dangerWhy}</p>
      <button
        type="button"
        class="button danger"
        onClick={() => {
          setAsking(true);
        }}
      >
        {words.endpoints.danger}
      </button>
      {asking && (
        <Sure
          title={words.endpoints.deleteTitle(endpointName(of))}
          why={words.endpoints.dangerWhy}
          yes={words.endpoints.deleteDo}
          refusal={refusal}
          onYes={() => void remove()}
          onClose={() => {
            setAsking(false);
          }}
        />
      )}
    </section>
  );
}

interface SureProps {
  readonly title: string;
  readonly why: string;
  readonly yes: string;
  readonly refusal: string | null;
  readonly onYes: () => void;
  readonly onClose: () => void;
}

/** Asks once more. */
function Sure({ title, why, yes, refusal, onYes, onClose }: SureProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div class="dialog-text dialog-form">
        <p>{why}</p>
        {refusal !== null && (
          <p class="form-refusal" role="alert">
            {refusal}
          </p>
        )}
        <div class="actions">
          <button type="button" class="button danger" onClick={onYes}>
            {yes}
          </button>
          <button type="button" class="button" onClick={onClose}>
            {words.endpoints.keep}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
