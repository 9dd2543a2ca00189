/**
 * The formatted body of a mail, in a frame that can do nothing.
 *
 * The gateway answers the body as a document of its own, whose content security
 * policy lets inline styles through and nothing else: no script, no loading, no
 * form. The frame has `allow-same-origin` and never `allow-scripts`: without
 * scripts the shared origin gives the mail no power, and it gives this page the
 * power to measure the body, to fold quotes, and to set its typography.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { mailBodyUrl, pictureUrls } from "../api";
import type { Message } from "../model/types";
import { shade } from "../shell/theme";
import { words } from "../words";
import { dress, foldQuotes, holdImages, isMail, paints, type Folded, type Look } from "./frame";
import { PlainBody, QuoteFold } from "./mail";
import { useNear } from "./near";

interface MailBodyProps {
  readonly of: Message;
  readonly sender: string;
}

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";
/** What is taller scrolls inside: a frame of any height a stranger names would make the thread useless. */
const TALLEST = 16_000;

export function MailBody({ of, sender }: MailBodyProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  const [state, setState] = useState<"loading" | "shown" | "failed">("loading");
  return (
    <div class="mail-body" ref={place}>
      {state === "loading" && <p class="text faint">{of.preview}</p>}
      {state === "failed" && <p class="mail-note">{words.message.mailError}</p>}
      {state === "failed" && <PlainBody of={of} />}
      {near && state !== "failed" && (
        <Frame key={pictures(of)} id={of.id} sender={sender} report={setState} />
      )}
    </div>
  );
}

/** How many pictures of its own a mail shows: with each that was fetched it is loaded anew. */
function pictures({ attachments }: Message): number {
  return attachments.filter(({ content_id, state }) => content_id && state === "stored").length;
}

interface FrameProps {
  readonly id: string;
  readonly sender: string;
  readonly report: (state: "shown" | "failed") => void;
}

function Frame({ id, sender, report }: FrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [inside, setInside] = useState<Document | null>(null);
  const [height, setHeight] = useState(0);
  const [fold, setFold] = useState<Folded>("nothing");
  const [open, setOpen] = useState(false);
  const [held, setHeld] = useState(false);
  const [images, setImages] = useState(false);
  const [painted, setPainted] = useState(false);
  // A mail that brings colours of its own was made for white paper: dark text on
  // our dark ground could not be read. One without follows the theme.
  const look: Look = painted && shade.value === "dark" ? "paper" : shade.value;
  const watch = useHeight(setHeight);
  const settle = () => {
    const loaded = frame.current?.contentDocument ?? null;
    if (!isMail(loaded)) {
      report("failed");
      return;
    }
    dress(loaded);
    setInside(loaded);
    setPainted(paints(loaded));
    setHeld(holdImages(loaded, pictureUrls(id)));
    setFold(foldQuotes(loaded, !open));
    watch(loaded.body);
    report("shown");
  };
  const toggle = () => {
    if (inside !== null) foldQuotes(inside, open);
    setOpen(!open);
  };
  useEffect(() => {
    if (inside !== null) inside.documentElement.className = look;
  }, [inside, look]);
  return (
    <>
      {held && (
        <p class="mail-note">
          {words.message.imagesHeld}
          <button
            type="button"
            class="mail-show"
            onClick={() => {
              setImages(true);
            }}
          >
            {words.message.imagesShow}
          </button>
        </p>
      )}
      <iframe
        ref={frame}
        class={`mail-frame ${look}`}
        sandbox={SANDBOX}
        title={words.message.mailFrame(sender)}
        src={mailBodyUrl(id, images)}
        style={{ height: `${height}px` }}
        onLoad={settle}
      />
      {fold !== "nothing" && <QuoteFold open={open} of={fold} onToggle={toggle} />}
    </>
  );
}

/** Follow the height of a body; returns what starts it after each load. */
function useHeight(report: (height: number) => void): (body: HTMLElement) => void {
  const observer = useRef<ResizeObserver | null>(null);
  useEffect(
    () => () => {
      observer.current?.disconnect();
    },
    [],
  );
  return (body) => {
    observer.current?.disconnect();
    const measure = () => {
      report(Math.min(TALLEST, Math.ceil(body.getBoundingClientRect().height)));
    };
    observer.current = new ResizeObserver(measure);
    observer.current.observe(body);
    measure();
  };
}
