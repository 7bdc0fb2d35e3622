/**
 * Explains the datagrams of a capture at one depth: puts each board's frames in order, decodes both streams, and lets a
 * view of that depth say what they mean. Never throws for what a capture holds: what cannot be right becomes a problem,
 * and the first that shows another protocol is kept as the capture's error.
 */
import type { CapturedBoard, CapturedDatagram, CaptureListener } from "../capture/capture-reader.js";
import type { DatagramDirection } from "../capture/capture-writer.js";
import { CaptureInvalid } from "../capture/errors.js";
import { packetType } from "../host-arq.js";
import { BoardWords } from "./board-words.js";
import { ConversationView } from "./conversation-view.js";
import { FrameTracker, seqText } from "./frame-tracker.js";
import { HostWords } from "./host-words.js";
import { InstructionView } from "./instruction-view.js";
import type { Depth, Item, Origin } from "./item.js";
import { LinkTalk } from "./link-talk.js";
import { RegisterView } from "./register-view.js";
import type { Delivery } from "./seen-window.js";
import type { Complain, Emit, View, ViewTools } from "./view.js";

/** Makes what listens to a board; undefined: only its frames are told. */
export type MakeView = (tools: ViewTools) => View | undefined;

export interface ExplainerOptions {
  /** Name of the capture, for messages. */
  readonly source: string;
  readonly emit: Emit;
  readonly makeView: MakeView;
  /** Every frame becomes an item. */
  readonly tellFrames?: boolean;
}

const views: Readonly<Record<Depth, MakeView>> = {
  frames: () => undefined,
  instructions: (tools) => new InstructionView(tools),
  registers: (tools) => new RegisterView(tools),
  conversation: (tools) => new ConversationView(tools),
};

/** An explainer of one of the four depths. */
export function explainAt(depth: Depth, source: string, emit: Emit): Explainer {
  return new Explainer({ source, emit, makeView: views[depth], tellFrames: depth === "frames" });
}

export class Explainer implements CaptureListener {
  readonly #options: ExplainerOptions;
  readonly #boards: BoardExplainer[] = [];
  #startNs: bigint | undefined;
  #last: Origin | undefined;
  #error: CaptureInvalid | undefined;

  constructor(options: ExplainerOptions) {
    this.#options = options;
  }

  /** The first thing in the capture that is not of this protocol. */
  get error(): CaptureInvalid | undefined {
    return this.#error;
  }
  /** Time of the first packet, nanoseconds since 1970. */
  get startNs(): bigint | undefined {
    return this.#startNs;
  }

  onBoard({ board, name, address }: CapturedBoard): void {
    this.#boards[board] = new BoardExplainer(this.#options, (origin, what, legal) =>
      this.#complain(origin, what, legal),
    );
    const text = `board ${board}: ${name === "" ? address : `${name} (${address})`}`;
    const origin = this.#last ?? { timeNs: 0, packet: 1, board, offset: 0 };
    this.#options.emit({ kind: "note", origin: { ...origin, board }, text, data: { event: "board", name, address } });
  }

  onDatagram(datagram: CapturedDatagram): void {
    this.#startNs ??= datagram.time;
    const { packet, board, offset, comment } = datagram;
    const origin = { timeNs: Number(datagram.time - this.#startNs), packet, board, offset };
    this.#last = origin;
    if (comment !== "")
      this.#options.emit({
        kind: "note",
        origin,
        text: comment.replaceAll(/\s*\n\s*/g, "; "),
        data: { event: "comment" },
      });
    this.#boards[board]?.push(datagram, origin);
  }

  /** The capture ends: say what has no answer. */
  end(): void {
    for (const board of this.#boards) board.end();
  }

  #complain(origin: Origin, what: string, legal: string): void {
    this.#error ??= new CaptureInvalid(this.#options.source, origin.offset, what, legal);
    const problem = `${what}; legal: ${legal}`;
    this.#options.emit({
      kind: "problem",
      origin,
      text: `byte ${origin.offset}`,
      problem,
      data: { offset: origin.offset },
    });
  }
}

class BoardExplainer {
  readonly #options: ExplainerOptions;
  readonly #tracker: FrameTracker;
  readonly #talk: LinkTalk;
  readonly #toBoard: BoardWords;
  readonly #toHost: HostWords | undefined;
  readonly #view: View | undefined;
  readonly #complain: Complain;
  /** The board's words are no protocol of ours; wait for a reset. */
  #isDeaf = false;

  constructor(options: ExplainerOptions, complain: Complain) {
    const { emit, makeView } = options;
    this.#options = options;
    this.#complain = complain;
    this.#tracker = new FrameTracker({
      onFrame: (item) => this.#frame(item),
      onReset: (origin, isRepeated) => this.#reset(origin, isRepeated),
      onDelivery: (direction, delivery) => this.#delivery(direction, delivery),
      onLost: (direction, seqs, origin) => this.#lost(direction, seqs, origin),
    });
    this.#toBoard = new BoardWords((asked) => this.#view?.asked?.(asked));
    this.#view = makeView({
      emit,
      complain,
      demand: () => this.#toBoard.flush(),
      describe: (program, instruction) => this.#toBoard.describe(program, instruction),
      finish: (program) => this.#toBoard.finish(program),
      resends: () => this.#tracker.resends.toBoard + this.#tracker.resends.toHost,
    });
    this.#toHost = this.#view && new HostWords(this.#view);
    this.#talk = new LinkTalk(emit, complain);
  }

  push(datagram: CapturedDatagram, origin: Origin): void {
    this.#tracker.push(datagram, origin);
  }

  end(): void {
    this.#toBoard.flush();
    this.#view?.end();
  }

  #frame(item: Item): void {
    if (this.#options.tellFrames) this.#options.emit(item);
  }

  #reset(origin: Origin, isRepeated: boolean): void {
    this.#break(origin);
    this.#isDeaf = false;
    this.#toHost?.restart();
    if (this.#view) this.#talk.reset(origin, isRepeated);
  }

  #lost(direction: DatagramDirection, seqs: readonly number[], origin: Origin): void {
    this.#break(origin);
    if (direction === "toHost") this.#toHost?.restart();
    if (!this.#view) return;
    const problem = `the capture lacks seq ${seqText(seqs)}; what was under way cannot be explained`;
    this.#options.emit({
      kind: "problem",
      origin,
      direction,
      text: "frames are missing",
      problem,
      data: { missing: seqs },
    });
  }

  #break(origin: Origin): void {
    this.#toBoard.abandonProgram();
    this.#view?.broken(origin);
  }

  #delivery(direction: DatagramDirection, delivery: Delivery): void {
    if (!this.#view) return;
    const { type, payload, origin } = delivery;
    if (type !== packetType.utMessages) this.#talk.frame(direction, delivery);
    else if (direction === "toHost") this.#messages(payload, origin);
    else if (this.#view.toBoard) this.#view.toBoard(payload, origin);
    else this.#toBoard.push(payload, origin);
  }

  #messages(payload: Uint8Array, origin: Origin): void {
    if (this.#isDeaf) return;
    const wrong = this.#toHost?.push(payload, origin);
    if (wrong === undefined) return;
    this.#isDeaf = true;
    this.#complain(
      wrong.origin,
      wrong.error.message,
      "messages of docs/protocol.md; what follows is passed over until a reset",
    );
  }
}
