/** Depth "registers": every access by container, coordinate and fields; every answer with the read that it belongs to. */
import { AnswerMatcher } from "./answer-matcher.js";
import type { Asked } from "./board-words.js";
import type { MessagePlace } from "./host-words.js";
import { duration, fpgaTimeText, type Origin } from "./item.js";
import { askedText, questionOf } from "./question.js";
import {
  addressName,
  answersOf,
  contentsData,
  contentsText,
  hex,
  type ReadTarget,
  targetName,
} from "./register-text.js";
import { timeoutText } from "./timeout-text.js";
import { legalWords, type View, type ViewTools } from "./view.js";

export class RegisterView implements View {
  readonly #tools: ViewTools;
  readonly #matcher: AnswerMatcher;
  #last: Origin | undefined;

  constructor(tools: ViewTools) {
    this.#tools = tools;
    this.#matcher = new AnswerMatcher(tools.demand);
  }

  asked(asked: Asked): void {
    const { origin, program, index, length, statement } = asked;
    this.#last = origin;
    const question = questionOf(asked);
    const base = { origin, direction: "toBoard" } as const;
    const place = { program, index };
    switch (question.kind) {
      case "illegal":
        this.#tools.complain(origin, `to-FPGA word ${index} of program ${program}: ${question.why}`, legalWords);
        return;
      case "write": {
        const { name: container, fields } = question;
        const register = statement.kind === "omnibusWrite" ? addressName(statement.address) : registerName(asked);
        const data = { ...place, container, fields };
        const text = statement.kind === "omnibusWrite" ? `${askedText(asked)}  # ${register}` : askedText(asked);
        this.#tools.emit({ ...base, kind: "write", text, register, data });
        return;
      }
      case "read": {
        const { target } = question;
        const register = targetName(target);
        this.#tools.emit({ ...base, kind: "read", text: `read ${register}`, register, data: place });
        const settle = (words: readonly number[], answered: MessagePlace | undefined): void =>
          this.#answered(target, asked, words, answered);
        this.#matcher.expect({ ...answersOf(target), program, index, length, settle });
        return;
      }
      default:
        if (question.kind === "tick" || question.kind === "halt")
          this.#matcher.expect({ kind: question.kind, program, index, length, words: 0, settle: () => {} });
        this.#tools.emit({
          ...base,
          kind: "instruction",
          text: askedText(asked),
          data: { ...place, name: question.kind },
        });
    }
  }

  #answered(target: ReadTarget, asked: Asked, words: readonly number[], place: MessagePlace | undefined): void {
    const register = targetName(target);
    const { program, index, origin } = asked;
    if (place === undefined) {
      const problem = `no answer to the read in packet ${origin.packet}`;
      const text = `no answer: ${register}`;
      this.#tools.emit({
        kind: "answer",
        origin: this.#last ?? origin,
        direction: "toHost",
        text,
        register,
        problem,
        data: { program, index },
      });
      return;
    }
    const afterNs = place.origin.timeNs - origin.timeNs;
    this.#tools.emit({
      kind: "answer",
      origin: place.origin,
      direction: "toHost",
      text: `answer ${contentsText(target, words)}, after ${duration(afterNs)} @ ${fpgaTimeText(place.fpgaTime)}`,
      register,
      data: { program, index, fields: contentsData(target, words), afterNs, fpgaCycles: place.fpgaTime },
    });
  }

  answer(kind: "omnibus" | "jtag", data: number, place: MessagePlace): void {
    this.#last = place.origin;
    if (this.#matcher.answer(kind, data, place)) return;
    const text = `${kind} answer ${hex(data)}`;
    const problem = "nothing in the capture has asked for it";
    this.#tools.emit({
      kind: "answer",
      origin: place.origin,
      direction: "toHost",
      text,
      problem,
      data: { word: data },
    });
  }
  loopback(tick: boolean, place: MessagePlace): void {
    this.#last = place.origin;
    const name = tick ? "tick" : "halt";
    if (!tick) this.#finish();
    const isKnown = this.#matcher.answer(name, 0, place);
    this.#tools.emit({
      kind: "instruction",
      origin: place.origin,
      direction: "toHost",
      text: `${name} answered @ ${fpgaTimeText(place.fpgaTime)}`,
      ...(isKnown ? {} : { problem: "nothing in the capture has asked for it" }),
      data: { name, fpgaCycles: place.fpgaTime },
    });
  }
  #finish(): void {
    if (this.#matcher.program === undefined) this.#tools.demand();
    if (this.#matcher.program !== undefined) this.#tools.finish(this.#matcher.program - 1);
  }
  timeout(instruction: number, stallCount: number, readsInFlight: number, place: MessagePlace): void {
    if (this.#matcher.program === undefined) this.#tools.demand();
    const { program } = this.#matcher;
    const what = program === undefined ? undefined : this.#tools.describe(program, instruction);
    const problem = timeoutText(instruction, what, { stallCount, readsInFlight });
    const data = { program: program ?? null, instruction, stallCount, readsInFlight, fpgaCycles: place.fpgaTime };
    this.#tools.emit({ kind: "problem", origin: place.origin, direction: "toHost", text: "timeout", problem, data });
    this.#matcher.timeout(instruction);
  }
  linkNotification(bits: number, { origin }: MessagePlace): void {
    this.#tools.emit({
      kind: "note",
      origin,
      direction: "toHost",
      text: `link notification ${hex(bits)}`,
      data: { bits },
    });
  }
  events(): void {
    // Samples and spikes are no registers; the depths above and below show them.
  }

  broken(origin: Origin): void {
    this.#last = origin;
    this.#matcher.giveUpAll();
  }
  end(): void {
    this.#matcher.giveUpAll();
  }
}

/** Container and coordinate of a statement that writes a whole register. */
export function registerName({ statement }: Asked): string {
  if (statement.kind !== "write") return "";
  return targetName({ kind: "container", container: statement.container, at: statement.at });
}
