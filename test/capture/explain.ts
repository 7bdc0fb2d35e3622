/** Everything that the explainer says of a capture, and its error. */
import { CaptureReader } from "../../src/protocol/capture/capture-reader.js";
import type { CaptureInvalid } from "../../src/protocol/capture/errors.js";
import { explainAt } from "../../src/protocol/explain/explainer.js";
import type { Depth, Item } from "../../src/protocol/explain/item.js";

export interface Explained {
  readonly items: readonly Item[];
  readonly error: CaptureInvalid | undefined;
}

export function explain(capture: Uint8Array, depth: Depth): Explained {
  const items: Item[] = [];
  const explainer = explainAt(depth, "test.pcapng", (item) => items.push(item));
  const reader = new CaptureReader("test.pcapng", explainer);
  reader.push(capture);
  const cut = reader.end();
  explainer.end();
  return { items, error: explainer.error ?? cut };
}

export const texts = ({ items }: Explained): readonly string[] => items.map(({ text }) => text.trim());
export const problems = ({ items }: Explained): readonly Item[] => items.filter(({ problem }) => problem !== undefined);
