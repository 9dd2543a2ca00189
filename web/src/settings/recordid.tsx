/** The id of a record, which leads to it where the page has a place for it. */

import { go, read } from "../route";
import { Link } from "../ui/link";
import "./recordid.css";

const PLACES: Readonly<Record<string, string>> = {
  cus: "/customers",
  cnv: "/c",
  whk: "/settings/webhooks",
  dlv: "/settings/deliveries",
};

export function RecordId({ id }: { readonly id: string }) {
  const folder = PLACES[id.slice(0, id.indexOf("_"))];
  if (folder === undefined) return <code>{id}</code>;
  const href = `${folder}/${id}`;
  return (
    <Link
      class="record-id"
      href={href}
      onGo={() => {
        go(read({ pathname: href, search: "" }));
      }}
    >
      <code>{id}</code>
    </Link>
  );
}
