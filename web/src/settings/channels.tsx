/** The addresses of a connection. */

import { Trash2 } from "lucide";
import { useId, useState } from "preact/hooks";
import type { ChannelKind } from "../model/types";
import { announcement } from "../shell/announce";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { AlarmBadges } from "./alarms";
import { addChannel, mayManage, removeChannel } from "./connections";
import { Marked } from "./steps";
import type { ChannelView, ConnectionView, Provider } from "./types";
import { refusalOf } from "./values";

interface ChannelsProps {
  readonly of: ConnectionView;
  readonly provider: Provider;
}

export function Channels({ of, provider }: ChannelsProps) {
  const [kind, setKind] = useState<ChannelKind>(provider.kinds[0] ?? "sms");
  const [address, setAddress] = useState("");
  const [fault, setFault] = useState<string | undefined>(undefined);
  const add = async () => {
    setFault(undefined);
    try {
      await addChannel(of.id, { kind, address: address.trim() });
      setAddress("");
    } catch (error) {
      const refusal = refusalOf(error, "");
      setFault(refusal.fields["address"] ?? refusal.reason);
    }
  };
  const drop = async (one: ChannelView) => {
    setFault(undefined);
    try {
      await removeChannel(of.id, one.id);
      announcement.value = words.settings.removed(one.address);
    } catch (error) {
      setFault(refusalOf(error, "").reason);
    }
  };
  return (
    <>
      <ul class="addresses">
        {of.channels.map((one) => (
          <li key={one.id}>
            <span class="address">{one.address}</span>
            <span class="soft">
              {words.channels[one.kind]}
              {one.name !== one.address && ` · ${one.name}`}
            </span>
            {of.alarms.length > 0 && (
              <span class="address-marks">
                <AlarmBadges of={of} />
              </span>
            )}
            {mayManage.value && (
              <button
                type="button"
                class="button quiet square"
                aria-label={words.settings.remove(one.address)}
                onClick={() => void drop(one)}
              >
                <Icon of={Trash2} />
              </button>
            )}
          </li>
        ))}
        {of.channels.length === 0 && <li class="soft">{words.settings.noChannel}</li>}
      </ul>
      {mayManage.value && (
        <form
          class="add-address"
          onSubmit={(event) => {
            event.preventDefault();
            void add();
          }}
        >
          <AddressFields
            provider={provider}
            kind={kind}
            onKind={setKind}
            address={address}
            onAddress={setAddress}
            fault={fault}
          />
          <button type="submit" class="button" disabled={address.trim() === ""}>
            {words.settings.add}
          </button>
        </form>
      )}
    </>
  );
}

interface AddressFieldsProps {
  readonly provider: Provider;
  readonly kind: ChannelKind;
  readonly onKind: (kind: ChannelKind) => void;
  readonly address: string;
  readonly onAddress: (address: string) => void;
  readonly fault: string | undefined;
}

export function AddressFields({ provider, kind, onKind, address, onAddress, fault }: AddressFieldsProps) {
  const id = useId();
  return (
    <div class="address-fields">
      {provider.kinds.length > 1 && (
        <div class="field">
          <label for={`${id}-kind`}>{words.settings.kind}</label>
          <select
            id={`${id}-kind`}
            value={kind}
            onChange={(event) => {
              onKind(event.currentTarget.value as ChannelKind);
            }}
          >
            {provider.kinds.map((one) => (
              <option key={one} value={one}>
                {words.channels[one]}
              </option>
            ))}
          </select>
        </div>
      )}
      <div class="field">
        <label for={`${id}-address`}>{words.settings.address}</label>
        <input
          id={`${id}-address`}
          autocomplete="off"
          spellcheck={false}
          value={address}
          aria-invalid={fault !== undefined}
          aria-describedby={`${id}-note ${id}-fault`}
          onInput={(event) => {
            onAddress(event.currentTarget.value);
          }}
        />
        <p class="field-note" id={`${id}-note`}>
          <Marked text={provider.address} />
        </p>
        <p class="field-fault" id={`${id}-fault`} role={fault === undefined ? undefined : "alert"}>
          {fault}
        </p>
      </div>
    </div>
  );
}
