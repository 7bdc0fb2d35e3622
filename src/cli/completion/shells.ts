/** Completion scripts for three shells, all from the same model. They are static: no process is started per key. */
import type { Completable, CompletedCommand, CompletedOption } from "./model.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
const valued = ({ options }: CompletedCommand): CompletedOption[] => options.filter(({ value }) => value !== undefined);

/** Words before the cursor that are command names make the path; an option's value is completed by its option. */
function bash(commands: readonly CompletedCommand[]): string {
  const offer = (value: Completable | undefined): string =>
    value?.kind === "words"
      ? `COMPREPLY=($(compgen -W ${quoted(value.words.join(" "))} -- "$cur"))`
      : value?.kind === "file"
        ? `compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$cur"))`
        : "COMPREPLY=()";
  const children = commands.filter((command) => command.commands.length > 0);
  const walk = children.map(
    ({ path, commands: subs }) =>
      `      ${quoted(path.join(" "))}) case "$word" in ${subs.map(({ name }) => name).join("|")}) path="\${path:+$path }$word";; esac;;`,
  );
  const bodies = commands.map((command) => {
    const words = command.options.flatMap(({ names }) => names.filter((name) => name.startsWith("--")));
    const cases = valued(command).map(({ names, value }) => `        ${names.join("|")}) ${offer(value)}; return;;`);
    const plain =
      command.commands.length > 0
        ? `COMPREPLY=($(compgen -W ${quoted(command.commands.map(({ name }) => name).join(" "))} -- "$cur"))`
        : offer(command.argument);
    return [
      `    ${quoted(command.path.join(" "))})`,
      ...(cases.length === 0 ? [] : ['      case "$prev" in', ...cases, "      esac"]),
      `      if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W ${quoted(words.join(" "))} -- "$cur")); else ${plain}; fi;;`,
    ].join("\n");
  });
  return `# bash completion of hxloop; load it with: source <(hxloop completion bash)
_hxloop() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$path" in
${walk.join("\n")}
    esac
  done
  case "$path" in
${bodies.join("\n")}
  esac
}
complete -F _hxloop hxloop
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const clean = (text: string): string => text.replaceAll(/[[\]:\\]/g, " ");
  const action = (value: Completable): string =>
    value.kind === "words" ? `:value:(${value.words.join(" ")})` : value.kind === "file" ? ":file:_files" : ":value:";
  const nameOf = (path: readonly string[]): string => ["_hxloop", ...path].join("_").replaceAll("-", "_");
  const functions = commands.map((command) => {
    const specs = command.options.flatMap(({ names, description, value }) =>
      names.map((name) => quoted(`*${name}[${clean(description)}]${value === undefined ? "" : action(value)}`)),
    );
    if (command.commands.length === 0) {
      const rest =
        command.argument?.kind === "text" || command.argument === undefined ? "*: :" : `*${action(command.argument)}`;
      return `${nameOf(command.path)}() {\n  _arguments -s \\\n    ${[...specs, quoted(rest)].join(" \\\n    ")}\n}`;
    }
    const list = command.commands.map(({ name, description }) => quoted(`${name}:${clean(description)}`));
    const cases = command.commands.map(({ name }) => `      ${name}) ${nameOf([...command.path, name])};;`);
    return `${nameOf(command.path)}() {
  local line state
  _arguments -C ${specs.join(" ")} '1: :->command' '*::arg:->args'
  case $state in
    command) local -a list=(${list.join(" ")}); _describe command list;;
    args) case $line[1] in
${cases.join("\n")}
      esac;;
  esac
}`;
  });
  return `#compdef hxloop
# zsh completion of hxloop; load it with: source <(hxloop completion zsh)
${functions.join("\n")}
compdef _hxloop hxloop
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ path, commands: subs, options, argument }) => {
    const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`);
    const none = subs.length === 0 ? [] : [`not __fish_seen_subcommand_from ${subs.map(({ name }) => name).join(" ")}`];
    const when = [...seen, ...none].join("; and ");
    const at = when === "" ? "" : ` -n ${quoted(when)}`;
    const say = (text: string): string => (text === "" ? "" : ` -d ${quoted(text)}`);
    const values = (value: Completable | undefined): string =>
      value === undefined
        ? ""
        : value.kind === "words"
          ? ` -x -a ${quoted(value.words.join(" "))}`
          : value.kind === "file"
            ? " -r -F"
            : " -x";
    return [
      ...subs.map(({ name, description }) => `complete -c hxloop${at} -f -a ${name}${say(description)}`),
      ...options.map(({ names, description, value }) => {
        const flags = names.map((name) => (name.startsWith("--") ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`));
        return `complete -c hxloop${at}${flags.join("")}${values(value)}${say(description)}`;
      }),
      ...(argument?.kind === "words" ? [`complete -c hxloop${at} -f -a ${quoted(argument.words.join(" "))}`] : []),
      ...(argument?.kind === "file" ? [`complete -c hxloop${at} -F`] : []),
    ];
  });
  return `# fish completion of hxloop; load it with: hxloop completion fish | source
complete -c hxloop -f
${lines.join("\n")}
`;
}
