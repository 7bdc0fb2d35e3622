// Messages as tshark shows them and as `hxloop decode --json` prints them, in one form.
import { type Node, named } from "./support.js";

export interface ShownMessage {
  readonly name: string | undefined;
  readonly fields: Readonly<Record<string, number>>;
  /** FPGA cycles; null to the FPGA. */
  readonly time: number | null;
}

/** Whether a frame is told again: a resend, which the decoder leaves out. */
export const isRepeat = (packet: Node): boolean =>
  named(named(packet, "hostarq")[0], "hostarq.first_sent_in").length > 0;
const isFlag = (show: string): boolean => /^(true|false)$/i.test(show);

export function messageOf(node: Node): ShownMessage {
  const fields = node.children.filter((child) => /^bss2\.(to|from)\./.test(child.name));
  const time = named(node, "bss2.fpga_time")[0]?.show;
  return {
    name: node.show,
    fields: Object.fromEntries(
      fields.map(({ name, show }) => [
        name.split(".").at(-1),
        isFlag(show) ? Number(/true/i.test(show)) : Number(show),
      ]),
    ),
    time: time === undefined ? null : Number(time),
  };
}

/** A line of `hxloop decode --depth instructions --json`. */
export interface ExplainedItem {
  readonly kind: string;
  readonly name?: string;
  readonly fields?: Readonly<Record<string, number | boolean>>;
  readonly fpgaCycles?: number | null;
}

export function messageOfItem({ name, fields = {}, fpgaCycles }: ExplainedItem): ShownMessage {
  const numbers = Object.entries(fields).map(([key, value]) => [key, Number(value)] as const);
  return { name, fields: Object.fromEntries(numbers), time: fpgaCycles ?? null };
}
