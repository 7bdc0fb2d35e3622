/** Shell text as the commands in it: enough of the grammar for examples in help and documentation. Nothing is executed. */

export interface ShellCommand {
  readonly words: readonly string[];
  /** As it was written. */
  readonly line: string;
}

/** Commands of a block, without prompts, comments, redirections, assignments before a command, and `npx`. */
export function shellCommands(block: string): ShellCommand[] {
  const lines = block.replaceAll(/\\\n\s*/g, " ").split("\n");
  return lines.flatMap((line) => splitLine(line.replace(/^\s*\$ /, "")).map((words) => ({ words, line: line.trim() })));
}

/** A word, an operator between commands, a redirection with its file, or a comment. */
const token =
  /\s*(?:(#.*$)|(\|\||&&|[|;&])|(\d?>>?(?:&\d)?|<)(?!\()\s*(\S*)|(<\(|\))|((?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"|;&<>()])+))/y;

function splitLine(line: string): string[][] {
  const commands: string[][] = [[]];
  token.lastIndex = 0;
  for (let match = token.exec(line); match !== null; match = token.exec(line)) {
    const [, comment, operator, , , substitution, word] = match;
    if (comment !== undefined) break;
    if (operator !== undefined || substitution !== undefined) commands.push([]);
    else if (word !== undefined) commands.at(-1)?.push(unquoted(word));
    if (token.lastIndex >= line.length) break;
  }
  return commands.map(bare).filter((words) => words.length > 0);
}

function unquoted(word: string): string {
  return word.replaceAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/g, (_, single, double, escaped) => {
    return single ?? double?.replaceAll(/\\(.)/g, "$1") ?? escaped ?? "";
  });
}

function bare(words: readonly string[]): string[] {
  const start = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const own = start < 0 ? [] : words.slice(start);
  return own[0] === "npx" || own[0] === "source" ? own.slice(1) : [...own];
}
