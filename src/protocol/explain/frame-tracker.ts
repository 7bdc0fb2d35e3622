/**
 * Follows the frames of one board's link: tells of each what it is and whether it came as it should, and hands on the
 * payloads of both directions in order, each once.
 */
import type { CapturedDatagram } from "../capture/capture-reader.js";
import { isReset } from "../capture/capture-reader.js";
import type { DatagramDirection } from "../capture/capture-writer.js";
import { hostArq, type ParsedFrame, packetType } from "../host-arq.js";
import { parseFrame } from "../host-arq-frame.js";
import { duration, type Item, type Origin, plural } from "./item.js";
import { type AckSighting, type Delivery, SeenWindow, type Sighting } from "./seen-window.js";

export interface FrameListener {
  onFrame(item: Item): void;
  /** The host asked for a reset: both directions start anew. */
  onReset(origin: Origin, isRepeated: boolean): void;
  onDelivery(direction: DatagramDirection, delivery: Delivery): void;
  /** Frames that the capture lacks; the streams are broken here. */
  onLost(direction: DatagramDirection, seqs: readonly number[], origin: Origin): void;
}

const typeNames = new Map<number, string>(Object.entries(packetType).map(([name, type]) => [type, name]));
const other = { toBoard: "toHost", toHost: "toBoard" } as const;

/** Name of a packet type; undefined when there is none. */
export function packetTypeName(type: number): string | undefined {
  return typeNames.get(type);
}

export class FrameTracker {
  readonly #listener: FrameListener;
  #windows: Record<DatagramDirection, SeenWindow>;
  /** When the reset was asked for that has no answer yet. */
  #resetAt: number | undefined;
  #resets = 0;
  /** Frames that came again, by direction. */
  readonly resends: Record<DatagramDirection, number> = { toBoard: 0, toHost: 0 };

  constructor(listener: FrameListener) {
    this.#listener = listener;
    this.#windows = { toBoard: this.#window("toBoard", undefined), toHost: this.#window("toHost", undefined) };
  }

  /** @param origin the datagram's place */
  push(datagram: CapturedDatagram, origin: Origin): void {
    if (datagram.port === "reset") {
      this.#reset(datagram, origin);
      return;
    }
    const frame: ParsedFrame =
      datagram.missing > 0 ? { kind: "invalid", reason: "truncated" } : parseFrame(datagram.bytes);
    if (frame.kind === "invalid") this.#invalid(datagram, origin, frame.reason);
    else if (frame.kind === "ack") this.#ack(datagram.direction, frame.ack, origin);
    else this.#data(datagram.direction, frame, origin);
  }

  #window(direction: DatagramDirection, first: number | undefined): SeenWindow {
    return new SeenWindow(first, (delivery) => this.#listener.onDelivery(direction, delivery));
  }

  #reset({ bytes, direction }: CapturedDatagram, origin: Origin): void {
    const base = { kind: "frame", origin, direction } as const;
    if (direction !== "toBoard" || !isReset(bytes)) {
      const problem = direction === "toBoard" ? "no reset: the board ignores it" : "boards do not send from this port";
      this.#listener.onFrame({
        ...base,
        text: `${plural(bytes.length, "byte")} on the reset port`,
        problem,
        data: { frame: "invalid" },
      });
      return;
    }
    const isRepeated = this.#resetAt !== undefined;
    const waited = origin.timeNs - (this.#resetAt ?? origin.timeNs);
    this.#resets = isRepeated ? this.#resets + 1 : 1;
    this.#listener.onFrame({
      ...base,
      text: "reset",
      ...(isRepeated ? { problem: `reset ${this.#resets}: no answer to the first after ${duration(waited)}` } : {}),
      data: { frame: "reset", attempt: this.#resets },
    });
    this.#resetAt ??= origin.timeNs;
    this.#windows = { toBoard: this.#window("toBoard", 0), toHost: this.#window("toHost", 0) };
    this.#listener.onReset(origin, isRepeated);
  }

  #invalid({ bytes, direction, missing }: CapturedDatagram, origin: Origin, reason: string): void {
    const why = {
      truncated: missing > 0 ? `the recording lacks its last ${plural(missing, "byte")}` : "shorter than its header",
      length: "its length is not what its header says",
      sequence: `sequence numbers beyond ${hostArq.sequenceSpace - 1}`,
    }[reason];
    const text = `no frame, ${plural(bytes.length, "byte")}`;
    this.#listener.onFrame({
      kind: "frame",
      origin,
      direction,
      text,
      problem: `${why}: ${missing > 0 ? "what follows may be incomplete" : "the receiver drops it"}`,
      data: { frame: "invalid", reason },
    });
  }

  #ack(direction: DatagramDirection, ack: number, origin: Origin): void {
    const sighting = this.#windows[other[direction]].acknowledge(ack, origin.timeNs);
    const { note, problem } = explainAck(sighting);
    this.#listener.onFrame({
      kind: "frame",
      origin,
      direction,
      text: `pure ack ${ack}${note}`,
      ...(problem === undefined ? {} : { problem }),
      data: { frame: "ack", ack, pure: true, acknowledges: sighting.verdict },
    });
    this.#lost(other[direction], sighting, origin);
  }

  #data(direction: DatagramDirection, frame: Extract<ParsedFrame, { kind: "data" }>, origin: Origin): void {
    const { ack, seq, type, payload } = frame;
    const name = typeNames.get(type);
    const text = `data seq ${seq} ack ${ack} ${name ?? `type 0x${type.toString(16)}`}, ${plural(payload.length / 8, "word")}`;
    const data = { frame: "data", seq, ack, type: name ?? type, words: payload.length / 8 };
    const base = { kind: "frame", origin, direction } as const;
    if (direction === "toHost" && this.#resetAt !== undefined && type !== packetType.config) {
      const problem = "from before the reset: the host ignores it";
      this.#listener.onFrame({ ...base, text, problem, data: { ...data, verdict: "stale" } });
      return;
    }
    if (direction === "toHost" && type === packetType.config) this.#resetAt = undefined;
    const acked = this.#windows[other[direction]].acknowledge(ack, origin.timeNs);
    const payloadAt: Origin = { ...origin, offset: origin.offset + hostArq.headerBytes };
    const { sighting, settle } = this.#windows[direction].see({ seq, type, payload, origin: payloadAt });
    if (sighting.verdict === "again") this.resends[direction]++;
    const problems = [explainSighting(sighting, origin), explainAck(acked).problem];
    if (name === undefined) problems.push("a packet type of another version of the protocol");
    const problem = problems.filter((one) => one !== undefined).join("; ");
    this.#listener.onFrame({
      ...base,
      text: text + (acked.verdict === "frees" ? explainAck(acked).note : ""),
      ...(problem === "" ? {} : { problem }),
      data: { ...data, verdict: sighting.verdict, transmission: sighting.transmissions, missing: sighting.missing },
    });
    this.#lost(other[direction], acked, origin);
    settle();
  }

  #lost(direction: DatagramDirection, sighting: AckSighting, origin: Origin): void {
    if (sighting.verdict === "unseen") this.#listener.onLost(direction, sighting.lost, origin);
  }
}

/** Sequence numbers as a short text. */
export function seqText(seqs: readonly number[]): string {
  return seqs.length <= 4 ? seqs.join(", ") : `${seqs[0]}..${seqs.at(-1)}`;
}

function explainSighting(sighting: Sighting, { timeNs }: Origin): string | undefined {
  const { verdict, missing, first, transmissions, wasAcknowledged, isAltered } = sighting;
  if (verdict === "new") return undefined;
  if (verdict === "early")
    return `overtakes seq ${seqText(missing)}, which ${missing.length === 1 ? "is" : "are"} missing`;
  const since = first
    ? ` of packet ${first.packet}, ${duration(timeNs - first.timeNs)} later`
    : " of a frame from before the capture";
  const why = wasAcknowledged ? "; it had been acknowledged" : "; no acknowledgement came";
  return `resend ${transmissions - 1}${since}${why}${isAltered ? "; its content has changed" : ""}`;
}

function explainAck(sighting: AckSighting): { readonly note: string; readonly problem?: string } {
  switch (sighting.verdict) {
    case "frees":
      return { note: `, frees ${plural(sighting.count, "frame")}, ${duration(sighting.afterNs)} after the newest` };
    case "repeats":
      return { note: ", frees nothing" };
    case "stale":
      return { note: "", problem: "acknowledges what was acknowledged long ago" };
    case "unseen":
      return { note: "", problem: `acknowledges seq ${seqText(sighting.lost)}, which the capture lacks` };
  }
}
