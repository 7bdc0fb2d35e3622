/**
 * Depth "conversation": who asked what, and what came back when. Writes to one kind of register are one line, reads
 * stand with their answers, samples and spikes are counted. Lines keep the order of the program: what follows a
 * question waits until the question is answered or given up.
 */
import { AnswerMatcher } from "./answer-matcher.js";
import type { Asked } from "./board-words.js";
import { EventSummary } from "./event-summary.js";
import type { MessagePlace } from "./host-words.js";
import { duration, fpgaTimeText, type Origin, plural } from "./item.js";
import { askedText, type Question, questionOf } from "./question.js";
import { answersOf, hex } from "./register-text.js";
import { HaltStep, NoteStep, ReadsStep, type Step, TickStep, WaitStep, WritesStep } from "./steps.js";
import { timeoutText } from "./timeout-text.js";
import { legalWords, type View, type ViewTools } from "./view.js";

export class ConversationView implements View {
  readonly #tools: ViewTools;
  readonly #matcher: AnswerMatcher;
  /** Steps that are not said yet, in the order of the program. */
  #steps: Step[] = [];
  #program: { readonly number: number; readonly origin: Origin; readonly resends: number } | undefined;
  readonly #events = { madc: new EventSummary("madc"), spikes: new EventSummary("spikes") };

  constructor(tools: ViewTools) {
    this.#tools = tools;
    this.#matcher = new AnswerMatcher(tools.demand);
  }

  asked(asked: Asked): void {
    if (asked.program !== this.#program?.number) this.#begin(asked);
    this.#take(questionOf(asked), asked);
    this.#say();
  }

  #begin({ program, origin }: Asked): void {
    this.#program = { number: program, origin, resends: this.#tools.resends() };
    const data = { event: "begins", program };
    this.#add(new NoteStep({ kind: "program", origin, direction: "toBoard", text: `program ${program}`, data }));
  }

  #take(question: Question, asked: Asked): void {
    const { origin, program, index, length } = asked;
    const last = this.#steps.at(-1);
    switch (question.kind) {
      case "illegal":
        this.#tools.complain(origin, `to-FPGA word ${index} of program ${program}: ${question.why}`, legalWords);
        return;
      case "write":
        if (!(last instanceof WritesStep && last.join(asked))) this.#add(new WritesStep(asked));
        return;
      case "read": {
        let step = last instanceof ReadsStep && last.takes(question.target) ? last : undefined;
        if (step === undefined) {
          step = new ReadsStep(asked);
          this.#add(step);
        }
        const settle = step.expect(question.target, asked);
        const answered = (words: readonly number[], place: MessagePlace | undefined): void => {
          settle(words, place);
          this.#say();
        };
        this.#matcher.expect({ ...answersOf(question.target), program, index, length, settle: answered });
        return;
      }
      case "tick": {
        const step = last instanceof TickStep && last.join() ? last : new TickStep(asked);
        if (step !== last) this.#add(step);
        const settle = (_: readonly number[], place: MessagePlace | undefined): void => step.settle(place);
        this.#matcher.expect({ kind: "tick", program, index, length, words: 0, settle });
        return;
      }
      case "halt": {
        const step = new HaltStep(asked, this.#program?.origin ?? origin);
        this.#add(step);
        const resends = this.#program?.resends ?? 0;
        const settle = (_: readonly number[], place: MessagePlace | undefined): void => {
          step.settle(place, this.#tools.resends() - resends);
          this.#tools.finish(program);
        };
        this.#matcher.expect({ kind: "halt", program, index, length, words: 0, settle });
        return;
      }
      case "timer":
      case "wait":
        if (!(last instanceof WaitStep && last.join(question))) this.#add(new WaitStep(asked, question));
        return;
      case "spikes":
      case "other": {
        const text = askedText(asked);
        const data = question.kind === "spikes" ? { labels: question.labels } : { name: question.name };
        this.#add(
          new NoteStep({
            kind: "instruction",
            origin,
            direction: "toBoard",
            text: `  ${text}`,
            data: { program, index, ...data },
          }),
        );
      }
    }
  }

  #add(step: Step): void {
    this.#steps.at(-1)?.close();
    this.#steps.push(step);
  }

  /** Say what is complete, up to the first question that waits. */
  #say(): void {
    let said = 0;
    for (const step of this.#steps) {
      if (!step.isComplete) break;
      for (const item of step.items()) this.#tools.emit(item);
      said++;
    }
    if (said > 0) this.#steps = this.#steps.slice(said);
  }

  answer(kind: "omnibus" | "jtag", data: number, place: MessagePlace): void {
    this.#sayEvents();
    if (!this.#matcher.answer(kind, data, place)) this.#unasked(`${kind} answer ${hex(data)}`, place);
  }
  loopback(tick: boolean, place: MessagePlace): void {
    this.#sayEvents();
    const name = tick ? "tick" : "halt";
    if (!this.#matcher.answer(name, 0, place))
      this.#unasked(`${name} answered @ ${fpgaTimeText(place.fpgaTime)}`, place);
    this.#say();
  }
  #unasked(text: string, { origin }: MessagePlace): void {
    const problem = "nothing in the capture has asked for it";
    this.#tools.emit({ kind: "answer", origin, direction: "toHost", text: `  ${text}`, problem, data: {} });
  }

  timeout(instruction: number, stallCount: number, readsInFlight: number, { origin, fpgaTime }: MessagePlace): void {
    this.#sayEvents();
    if (this.#matcher.program === undefined) this.#tools.demand();
    const { program } = this.#matcher;
    const what = program === undefined ? undefined : this.#tools.describe(program, instruction);
    const problem = timeoutText(instruction, what, { stallCount, readsInFlight });
    const data = { program: program ?? null, instruction, stallCount, readsInFlight, fpgaCycles: fpgaTime };
    this.#tools.emit({
      kind: "problem",
      origin,
      direction: "toHost",
      text: `  timeout in program ${program ?? "?"}`,
      problem,
      data,
    });
    this.#matcher.timeout(instruction);
    this.#say();
  }
  linkNotification(bits: number, { origin }: MessagePlace): void {
    const text = `  link notification ${hex(bits)}: PHY ${bits >>> 5}`;
    this.#tools.emit({ kind: "note", origin, direction: "toHost", text, data: { bits } });
  }
  events(kind: "madc" | "spikes", events: readonly number[], place: MessagePlace): void {
    this.#events[kind].add(events, place);
  }
  #sayEvents(): void {
    for (const summary of [this.#events.madc, this.#events.spikes]) {
      const item = summary.take();
      if (item !== undefined) this.#tools.emit(item);
    }
  }

  broken(origin: Origin): void {
    const waiting = this.#steps.filter((step) => !step.isComplete).length;
    this.end();
    if (waiting === 0) return;
    const text = `  the link broke: ${plural(waiting, "question")} without an answer`;
    this.#tools.emit({
      kind: "problem",
      origin,
      text,
      problem: `the last program was under way for ${duration(origin.timeNs - (this.#program?.origin.timeNs ?? origin.timeNs))}`,
      data: { waiting },
    });
  }
  end(): void {
    this.#sayEvents();
    this.#steps.at(-1)?.close();
    this.#matcher.giveUpAll();
    this.#say();
    this.#program = undefined;
  }
}
