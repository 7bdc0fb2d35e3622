/** What a link says beside instruction words: reset and its answer, the loopback check, the goodbye. */

import type { DatagramDirection } from "../capture/capture-writer.js";
import { hostArq, packetType } from "../host-arq.js";
import { packetTypeName } from "./frame-tracker.js";
import { duration, type Origin, plural } from "./item.js";
import type { Delivery } from "./seen-window.js";
import type { Complain, Emit } from "./view.js";

/** Longest info text, words. Our choice: more is no text. */
const maxInfoWords = 8192;
const constants = [
  ["sequence numbers", hostArq.sequenceSpace],
  ["frames per window", hostArq.windowSize],
  ["words per frame", hostArq.maxWords],
] as const;

export class LinkTalk {
  readonly #emit: Emit;
  readonly #complain: Complain;
  #resetAt: number | undefined;
  #answer = new Uint8Array(0);
  #loopback: { readonly payload: Uint8Array; readonly timeNs: number } | undefined;

  constructor(emit: Emit, complain: Complain) {
    this.#emit = emit;
    this.#complain = complain;
  }

  reset(origin: Origin, isRepeated: boolean): void {
    this.#answer = new Uint8Array(0);
    this.#loopback = undefined;
    if (!isRepeated) this.#resetAt = origin.timeNs;
    const text = isRepeated ? "host asks for a reset again" : "host asks for a reset of the link";
    const problem = `no answer for ${duration(origin.timeNs - (this.#resetAt ?? origin.timeNs))}`;
    const data = { event: "reset", isRepeated };
    this.#emit({ kind: "link", origin, direction: "toBoard", text, ...(isRepeated ? { problem } : {}), data });
  }

  /** A frame that carries no instruction words. */
  frame(direction: DatagramDirection, { type, payload, origin }: Delivery): void {
    if (direction === "toHost" && type === packetType.config) this.#config(payload, origin);
    else if (type === packetType.loopback) this.#echo(direction, payload, origin);
    else if (type === packetType.flush)
      this.#emit({ kind: "link", origin, direction, text: "host says goodbye (flush)", data: { event: "flush" } });
    else this.#other(direction, type, payload, origin);
  }

  #config(payload: Uint8Array, origin: Origin): void {
    const joined = new Uint8Array(this.#answer.length + payload.length);
    joined.set(this.#answer);
    joined.set(payload, this.#answer.length);
    this.#answer = joined;
    if (joined.length < 32) return;
    const view = new DataView(joined.buffer);
    const word = (index: number): number => Number(view.getBigUint64(8 * index));
    for (const [index, [name, value]] of constants.entries())
      if (word(index) !== value) {
        const offset = origin.offset + Math.max(0, 8 * index - (joined.length - payload.length));
        this.#complain({ ...origin, offset }, `the board answers with ${name} = ${word(index)}`, String(value));
      }
    const infoWords = word(3);
    if (infoWords > maxInfoWords) {
      this.#complain(origin, `info text of ${infoWords} words`, `0..${maxInfoWords}`);
      return;
    }
    if (joined.length < 32 + 8 * infoWords) return;
    const bytes = joined.subarray(32, 32 + 8 * infoWords);
    const end = bytes.indexOf(0);
    const info = new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end)).trim();
    const after = this.#resetAt === undefined ? "" : ` after ${duration(origin.timeNs - this.#resetAt)}`;
    const text = `board answers the reset${after}: ${info.replaceAll(/\s*\n\s*/g, ", ")}`;
    this.#emit({ kind: "link", origin, direction: "toHost", text, data: { event: "resetAnswer", info } });
    this.#answer = new Uint8Array(0);
  }

  #echo(direction: DatagramDirection, payload: Uint8Array, origin: Origin): void {
    const data = { event: "loopback" };
    if (direction === "toBoard") {
      this.#loopback = { payload, timeNs: origin.timeNs };
      this.#emit({ kind: "link", origin, direction, text: "host sends a loopback word", data });
      return;
    }
    const asked = this.#loopback;
    this.#loopback = undefined;
    const isSame =
      asked !== undefined && asked.payload.length === payload.length && asked.payload.every((b, i) => b === payload[i]);
    const after = asked === undefined ? "" : ` after ${duration(origin.timeNs - asked.timeNs)}`;
    const problem = asked === undefined ? "nobody has sent one" : "it is not the word that was sent";
    this.#emit({
      kind: "link",
      origin,
      direction,
      text: `board returns a loopback word${after}`,
      ...(isSame ? {} : { problem }),
      data,
    });
  }

  #other(direction: DatagramDirection, type: number, payload: Uint8Array, origin: Origin): void {
    const name = packetTypeName(type);
    if (name === undefined) {
      // The type stands two bytes behind the frame's sequence number, four before its payload.
      const place = { ...origin, offset: origin.offset - 4 };
      this.#complain(
        place,
        `packet type 0x${type.toString(16).padStart(4, "0")}`,
        'a type of docs/protocol.md, "HostARQ"',
      );
      return;
    }
    const text = `${name}, ${plural(payload.length / 8, "word")}`;
    this.#emit({ kind: "link", origin, direction, text, data: { event: name } });
  }
}
