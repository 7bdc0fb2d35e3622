/** Depth "instructions": every word of both directions, the board's with FPGA time and its events with chip time. */
import { ReservedValue } from "../errors.js";
import type { MessageType, MessageValue } from "../messages/define-message.js";
import { fromFpgaMessages } from "../messages/dictionary.js";
import { chipTimeOf } from "../messages/time.js";
import { instructionOfWord } from "./board-words.js";
import type { MessagePlace } from "./host-words.js";
import { fpgaTimeText, type Origin } from "./item.js";
import { legalWords, type View, type ViewTools } from "./view.js";

type FromFpgaName = keyof typeof fromFpgaMessages;

export class InstructionView implements View {
  readonly #tools: ViewTools;
  #program = 0;
  #index = 0;

  constructor(tools: ViewTools) {
    this.#tools = tools;
  }

  toBoard(payload: Uint8Array, origin: Origin): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    for (let at = 0; at + 8 <= payload.length; at += 8) {
      const high = view.getUint32(at);
      // An idle word is no instruction.
      if (high >= 0x8000_0000) continue;
      this.#instruction(high, view.getUint32(at + 4), { ...origin, offset: origin.offset + at });
    }
  }

  #instruction(high: number, low: number, origin: Origin): void {
    const [program, index] = [this.#program, this.#index++];
    const found = instructionOfWord(high, low);
    if (found === undefined || found instanceof ReservedValue) {
      const why = found?.message ?? `opcode ${high >>> 24} is outside 0..15`;
      this.#tools.complain(origin, `to-FPGA word ${index} of program ${program}: ${why}`, legalWords);
      return;
    }
    const { message, values } = found;
    const text = `${program}:${index} ${message.describe(values)}`;
    const data = { program, index, name: message.name, fields: values };
    this.#tools.emit({ kind: "instruction", origin, direction: "toBoard", text, data });
    if (message.name === "loopback" && values.tick === false) {
      this.#program++;
      this.#index = 0;
    }
  }

  #message(
    name: FromFpgaName,
    values: Readonly<Record<string, MessageValue>>,
    { origin, fpgaTime }: MessagePlace,
    events: readonly number[] = [],
  ): void {
    const message = fromFpgaMessages[name] as MessageType;
    const chipTimes = events.map((event) => chipTimeOf(event, fpgaTime));
    // Units of 4 ns.
    const chip =
      chipTimes.length > 0 ? `, chip ${chipTimes.map((time) => (time * 0.004).toFixed(3)).join(" ")} us` : "";
    this.#tools.emit({
      kind: "instruction",
      origin,
      direction: "toHost",
      text: `${message.describe(values)} @ ${fpgaTimeText(fpgaTime)}${chip}`,
      ...(name === "timeoutNotification" ? { problem: "an instruction was stuck" } : {}),
      data: {
        name,
        fields: values,
        fpgaCycles: fpgaTime,
        ...(chipTimes.length > 0 ? { chipTimes4ns: chipTimes } : {}),
      },
    });
  }

  answer(kind: "omnibus" | "jtag", data: number, place: MessagePlace): void {
    this.#message(kind === "omnibus" ? "omnibusData" : "jtagData", { data }, place);
  }
  loopback(tick: boolean, place: MessagePlace): void {
    this.#message("loopback", { tick }, place);
  }
  timeout(instruction: number, stallCount: number, readsInFlight: number, place: MessagePlace): void {
    this.#message("timeoutNotification", { instruction, stallCount, readsInFlight }, place);
  }
  linkNotification(bits: number, place: MessagePlace): void {
    const message = fromFpgaMessages.highspeedLinkNotification;
    const word = (BigInt(message.opcode) << 56n) | BigInt(bits);
    this.#message("highspeedLinkNotification", message.decode(word), place);
  }
  events(kind: "madc" | "spikes", events: readonly number[], place: MessagePlace): void {
    const name = `${kind === "madc" ? "madc" : "spike"}Pack${events.length}` as FromFpgaName;
    const values: Record<string, number> = {};
    for (const [i, event] of events.entries()) {
      values[kind === "madc" ? `value${i}` : `label${i}`] = event & (kind === "madc" ? 0x3fff : 0xffff);
      values[`time${i}`] = event >>> 16;
    }
    this.#message(name, values, place, events);
  }
  time(name: "systime" | "sysdelta", value: number, place: MessagePlace): void {
    this.#message(name, name === "systime" ? { time: value } : { increment: value }, place);
  }

  broken(): void {
    if (this.#index === 0) return;
    this.#program++;
    this.#index = 0;
  }
  end(): void {}
}
