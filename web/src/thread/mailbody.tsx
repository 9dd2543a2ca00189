/**
 * The formatted body of a mail, in a frame that can do nothing.
 *
 * The frame has `allow-same-origin` and never `allow-scripts`. Without scripts the
 * shared origin gives the mail no power: nothing in it can run, submit, or reach
 * us. It gives this page the power to measure the body, so that the frame needs
 * no scroll bar of its own, to fold quotes, and to style it. The body was
 * sanitised by the server first; the page's content security policy, which the
 * frame inherits, refuses remote images, styles and scripts once more.
 */

import { useEffect, useRef, useState } from "preact/hooks";
import { getMailBody, ApiError } from "../api";
import type { Message } from "../model/types";
import { shade } from "../shell/theme";
import { words } from "../words";
import { dress, foldQuotes, holdImages, pageFor, paints } from "./frame";
import { PlainBody, QuoteFold } from "./mail";
import { useNear } from "./near";

interface MailBodyProps {
  readonly of: Message;
  readonly sender: string;
}

const SANDBOX = "allow-same-origin allow-popups allow-popups-to-escape-sandbox";

export function MailBody({ of, sender }: MailBodyProps) {
  const place = useRef<HTMLDivElement>(null);
  const near = useNear(place);
  const body = useBody(of.id, near);
  return (
    <div class="mail-body" ref={place}>
      {body === "failed" && <p class="mail-note">{words.message.mailError}</p>}
      {body === "failed" && <PlainBody of={of} />}
      {body !== "failed" && body !== null && <Frame html={body} title={words.message.mailFrame(sender)} />}
      {body === null && <p class="text faint">{of.preview}</p>}
    </div>
  );
}

function Frame({ html, title }: { readonly html: string; readonly title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(0);
  const [quotes, setQuotes] = useState<"none" | "folded" | "open">("none");
  const [held, setHeld] = useState(false);
  // A mail that brings colours of its own was made for white paper: dark text on
  // our dark ground could not be read. One without follows the theme.
  const look = paints(html) ? "paper" : shade.value;
  const watch = useHeight(frame, setHeight);
  const settle = () => {
    const inside = frame.current?.contentDocument;
    if (!inside?.body) return;
    dress(inside);
    setHeld(holdImages(inside));
    setQuotes(foldQuotes(inside, true) ? "folded" : "none");
    watch();
  };
  const toggle = () => {
    const inside = frame.current?.contentDocument;
    if (!inside) return;
    foldQuotes(inside, quotes === "open");
    setQuotes(quotes === "open" ? "folded" : "open");
  };
  return (
    <>
      {held && <p class="mail-note">{words.message.imagesHeld}</p>}
      <iframe
        ref={frame}
        class={`mail-frame ${look}`}
        sandbox={SANDBOX}
        title={title}
        srcdoc={pageFor(html, look)}
        style={{ height: `${height}px` }}
        onLoad={settle}
      />
      {quotes !== "none" && <QuoteFold open={quotes === "open"} onToggle={toggle} />}
    </>
  );
}

/** Follow the height of what is in the frame; returns what starts it after each load. */
function useHeight(frame: { readonly current: HTMLIFrameElement | null }, report: (height: number) => void) {
  const observer = useRef<ResizeObserver | null>(null);
  useEffect(
    () => () => {
      observer.current?.disconnect();
    },
    [],
  );
  return () => {
    observer.current?.disconnect();
    const body = frame.current?.contentDocument?.body;
    if (!body) return;
    const measure = () => {
      report(Math.ceil(body.getBoundingClientRect().height));
    };
    observer.current = new ResizeObserver(measure);
    observer.current.observe(body);
    measure();
  };
}

const bodies = new Map<string, string>();

function useBody(id: string, wanted: boolean): string | null {
  const [body, setBody] = useState<string | null>(bodies.get(id) ?? null);
  useEffect(() => {
    if (!wanted || body !== null) return undefined;
    let here = true;
    const load = async () => {
      const html = await loadBody(id);
      if (here) setBody(html ?? "failed");
    };
    void load();
    return () => {
      here = false;
    };
  }, [id, wanted, body]);
  return body;
}

async function loadBody(id: string): Promise<string | null> {
  try {
    const html = await getMailBody(id);
    bodies.set(id, html);
    return html;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return null;
  }
}
