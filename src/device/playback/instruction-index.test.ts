import { describe, expect, it } from "vitest";
import { CapMemCell } from "../../protocol/containers/capmem.js";
import { CapMemCellOnDls } from "../../protocol/coordinates/capmem.js";
import { InstructionIndex } from "./instruction-index.js";

describe("InstructionIndex", () => {
  it("names the access that an instruction belongs to", () => {
    const index = new InstructionIndex();
    const cell = CapMemCellOnDls.at(2);
    const where = `CapMemCellOnDls ${CapMemCellOnDls.format(cell)}`;
    index.add(0, "write", CapMemCell, cell);
    index.add(2, "read", CapMemCell, cell);
    index.add(3, "wait", 125);
    index.add(4, "halt");
    expect([0, 1, 2, 3, 4].map((i) => index.describe(i))).toEqual([
      `write of CapMemCell at ${where}`,
      `write of CapMemCell at ${where}`,
      `read of CapMemCell at ${where}`,
      "wait 125",
      "halt",
    ]);
    expect(index.describeAnswer(0)).toBe(`read of CapMemCell at ${where}`);
    expect(index.describeAnswer(1)).toBeUndefined();
    expect(new InstructionIndex().describe(7)).toBe("no instruction of this program");
  });
});
