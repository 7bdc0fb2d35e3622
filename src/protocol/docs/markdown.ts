/**
 * Markdown for the pages that describe the wire: tables, bit ranges, and the blocks of a page that are generated.
 * Prose stays in the pages; what the tables of this layer know is filled in between markers.
 */

/** A Markdown table. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `7..3`, or `5` for a single bit. */
export function bitRange(low: number, width: number): string {
  return width === 1 ? String(low) : `${low + width - 1}..${low}`;
}

export function hex(value: number, digits = 0): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

const begin = (name: string): string => `<!-- generated: ${name} -->`;
const end = "<!-- end of generated -->";

/**
 * The page with its generated blocks replaced.
 * @throws Error when a marker is not closed or names no block
 */
export function fillBlocks(page: string, blocks: Readonly<Record<string, string>>): string {
  return page.replace(
    /<!-- generated: (.+?) -->[\s\S]*?(<!-- end of generated -->|$)/g,
    (_, name: string, close: string) => {
      const block = blocks[name];
      if (block === undefined || close === "")
        throw new Error(`generated block "${name}" is ${close ? "unknown" : "open"}`);
      return `${begin(name)}\n\n${block}\n\n${end}`;
    },
  );
}
