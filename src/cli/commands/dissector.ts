/** `hxloop dissector`: the wire for Wireshark, as a Lua script on stdout. */
import { Command } from "commander";
import type { Context } from "../context.js";

export function dissectorCommand({ terminal }: Context): Command {
  return new Command("dissector")
    .description("Print a Lua dissector of the wire for Wireshark and tshark, see docs/wireshark.md.")
    .option("--json", "print the script inside one JSON object")
    .addHelpText("after", "\nExample:\n  $ hxloop dissector > bss2.lua && tshark -X lua_script:bss2.lua -r run.pcapng")
    .action(async (flags: { json?: true }) => {
      const { dissectorSource } = await import("../../protocol/dissector/index.js");
      const script = dissectorSource().trimEnd();
      terminal.result(flags.json ? JSON.stringify({ schema: "hxloop.dissector/1", script }) : script);
    });
}
