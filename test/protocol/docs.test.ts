// The generated blocks of docs/protocol.md and docs/registers.md are those of the tables. To bring the pages up to date:
// UPDATE_DOCS=1 npx vitest run --project suite test/protocol/docs.test.ts
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fillBlocks } from "../../src/protocol/docs/markdown.js";
import { messageBlocks } from "../../src/protocol/docs/message-tables.js";
import { registerBlocks } from "../../src/protocol/docs/register-tables.js";

test.each([
  ["protocol.md", messageBlocks],
  ["registers.md", registerBlocks],
])("docs/%s is fresh", (name, blocks) => {
  const path = new URL(`../../docs/${name}`, import.meta.url);
  const page = readFileSync(path, "utf8");
  const fresh = fillBlocks(page, blocks());
  if (process.env.UPDATE_DOCS) writeFileSync(path, fresh);
  else expect(page).toBe(fresh);
});

test("a page with an open or unknown block is refused", () => {
  expect(() => fillBlocks("<!-- generated: registers -->\n", registerBlocks())).toThrow("open");
  expect(() => fillBlocks("<!-- generated: x -->\n<!-- end of generated -->", {})).toThrow("unknown");
});
