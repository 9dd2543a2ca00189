/** Everybody the workspace knows: the list, one of them beside it, and files in and out. */

import { go, query, route } from "../route";
import { ImportPage } from "./import";
import { CustomerList } from "./list";
import { CustomerPane } from "./pane";
import "./customers.css";

const IMPORT = "import";

export default function CustomersPage() {
  const { place = "" } = route.value;
  if (place === IMPORT || place.startsWith(`${IMPORT}/`)) {
    return (
      <main class="customers" id="content" tabIndex={-1}>
        <div class="customers-main">
          <div class="customers-list">
            <ImportPage key={place} id={place.slice(IMPORT.length + 1)} />
          </div>
        </div>
      </main>
    );
  }
  return (
    <main class="customers" data-open={place !== ""} id="content" tabIndex={-1}>
      <CustomerList chosen={place} />
      {place !== "" && (
        <CustomerPane
          key={place}
          customer={place}
          onClose={() => {
            go({ place: "", query: query.peek().toString() });
          }}
        />
      )}
    </main>
  );
}
