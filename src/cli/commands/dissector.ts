/** `hxloop dissector`: the wire for Wireshark, as a Lua script on stdout. */
import { Command } from "commander";
import type { Context } from "../context.js";

export function dissectorCommand({ terminal }: Context): Command {
  return new Command("dissector")
    .description("Print a Lua dissector of the wire for Wireshark and tshark, see docs/wireshark.md.")
    .addHelpText("after", "\nExample:\n  $ hxloop dissector > bss2.lua && tshark -X lua_script:bss2.lua -r run.pcapng")
    .action(async () => {
      const { dissectorSource } = await import("../../protocol/dissector/index.js");
      terminal.result(dissectorSource().trimEnd());
    });
}
