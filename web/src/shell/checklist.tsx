/** The first steps: how far one is, in the rail; and all four, in a sheet. */

import { Circle, CircleCheckBig, Rocket } from "lucide";
import { signal } from "@preact/signals";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { words } from "../words";
import { dismissed, hasFirstSteps, steps, type Step } from "./firststeps";
import "./checklist.css";

const isOpen = signal(false);

export function FirstStepsButton() {
  if (!hasFirstSteps.value) return null;
  const done = steps.value.filter((step) => step.done).length;
  return (
    <button
      type="button"
      class="view-link first-steps"
      title={words.first.title}
      onClick={() => {
        isOpen.value = true;
      }}
    >
      <Icon of={Rocket} />
      <span class="view-name">{words.first.title}</span>
      <span class="view-count numbers">{words.first.progress(done, steps.value.length)}</span>
    </button>
  );
}

export function FirstSteps() {
  if (!isOpen.value) return null;
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Dialog title={words.first.title} onClose={close}>
      <Checklist onGo={close} />
      <footer class="checklist-foot">
        <button
          type="button"
          class="link"
          onClick={() => {
            dismissed.value = true;
            close();
          }}
        >
          {words.first.dismiss}
        </button>
      </footer>
    </Dialog>
  );
}

export function Checklist({ onGo }: { readonly onGo?: () => void }) {
  return (
    <ol class="checklist">
      {steps.value.map((step) => (
        <Line key={step.id} of={step} onGo={onGo} />
      ))}
    </ol>
  );
}

function Line({ of, onGo }: { readonly of: Step; readonly onGo: (() => void) | undefined }) {
  const { go } = of;
  const next = steps.value.find((step) => !step.done)?.id === of.id;
  return (
    <li data-done={of.done}>
      <Icon of={of.done ? CircleCheckBig : Circle} label={of.done ? words.first.done : words.first.open} />
      <div>
        <p class="checklist-title">{of.words.title}</p>
        {!of.done && <p class="checklist-why">{of.words.why}</p>}
        {next && go !== undefined && (
          <button
            type="button"
            class="button"
            onClick={() => {
              onGo?.();
              go();
            }}
          >
            {of.words.title}
          </button>
        )}
      </div>
    </li>
  );
}
