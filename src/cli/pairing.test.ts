/** Two streams brought together: what one side lacks stands alone, and the rest is paired again. */
import { describe, expect, it } from "vitest";
import { Rng } from "../base/rng.js";
import { Pairing } from "./pairing.js";

/** Pairs as text, `-` for what is missing. */
async function pairs(a: string, b: string): Promise<string> {
  const pairing = new Pairing<string>((one, other) => one === other);
  const found: string[] = [];
  const feed = async (side: "a" | "b", items: string): Promise<void> => {
    for (const item of items) await pairing.offer(side, item);
    pairing.end(side);
  };
  await Promise.all([
    feed("a", a),
    feed("b", b),
    pairing.each((one, other) => found.push(`${one ?? "-"}${other ?? "-"}`)),
  ]);
  return found.join(" ");
}

describe("pairing", () => {
  it.each([
    ["abc", "abc", "aa bb cc"],
    ["abc", "axc", "aa bx cc"],
    ["abcd", "acd", "aa b- cc dd"],
    ["acd", "axyzcd", "aa -x -y -z cc dd"],
    ["ab", "abcd", "aa bb -c -d"],
    ["", "xy", "-x -y"],
    ["abxd", "acbyd", "aa -c bb xy dd"],
  ])("of %s and %s", async (a, b, expected) => {
    expect(await pairs(a, b)).toBe(expected);
  });

  it("gives every item once and in order, whatever the streams", async () => {
    const rng = Rng.fromSeed(1);
    const text = (): string => Array.from({ length: rng.int(40) }, () => "abc"[rng.int(3)]).join("");
    for (let k = 0; k < 200; k++) {
      const [a, b] = [text(), text()];
      const found = (await pairs(a, b)).split(" ").filter((pair) => pair !== "");
      expect(
        found
          .map((pair) => pair[0])
          .join("")
          .replaceAll("-", ""),
      ).toBe(a);
      expect(
        found
          .map((pair) => pair[1])
          .join("")
          .replaceAll("-", ""),
      ).toBe(b);
    }
  });
});
