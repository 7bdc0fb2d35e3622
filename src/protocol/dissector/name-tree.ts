/**
 * The texts of a coordinate in little room. Texts like `top.r5.q3` are the parts before the last dot, each with the same
 * list of last parts; folding again and again leaves lists of numbers behind a letter. Texts that have no such order are
 * listed.
 */

/** `prefix` and the numbers 0 .. count - 1. */
interface Numbered {
  readonly prefix: string;
  readonly count: number;
}
interface Listed {
  readonly list: readonly string[];
}
/** Group g has the texts `heads[g]` + "." + `tails[tail[g]]`, at the indices from `start[g]` on. */
interface Folded {
  readonly heads: NameTree;
  readonly tails: readonly NameTree[];
  readonly tail: readonly number[];
  readonly start: readonly number[];
}
export type NameTree = Numbered | Listed | Folded;

export function nameTree(texts: readonly string[]): NameTree {
  const prefix = texts[0]?.replace(/0$/, "") ?? "";
  if (texts.every((text, i) => text === `${prefix}${i}`)) return { prefix, count: texts.length };
  if (!texts.every((text) => text.includes("."))) return { list: texts };
  const heads: string[] = [];
  const start: number[] = [];
  const groups: string[][] = [];
  texts.forEach((text, i) => {
    const dot = text.lastIndexOf(".");
    const head = text.slice(0, dot);
    if (heads.at(-1) !== head) {
      heads.push(head);
      start.push(i);
      groups.push([]);
    }
    groups.at(-1)?.push(text.slice(dot + 1));
  });
  const keys = groups.map((group) => group.join(" "));
  const different = [...new Set(keys)];
  const tails = different.map((key) => nameTree(key.split(" ")));
  return { heads: nameTree(heads), tails, tail: keys.map((key) => different.indexOf(key)), start };
}

/** The text of an index: the inverse, which the dissector does in Lua. */
export function nameAt(tree: NameTree, index: number): string {
  if ("prefix" in tree) return `${tree.prefix}${index}`;
  if ("list" in tree) return tree.list[index] ?? "";
  let group = 0;
  while ((tree.start[group + 1] ?? Number.POSITIVE_INFINITY) <= index) group++;
  const tail = tree.tails[tree.tail[group] ?? 0];
  return `${nameAt(tree.heads, group)}.${tail ? nameAt(tail, index - (tree.start[group] ?? 0)) : ""}`;
}
