/**
 * Who may use the gateway: one line per user, `NAME TOKEN`. Tokens are compared by their hashes in constant time; the
 * file must be nobody else's to read. Without a file everybody is the same user, which only a loopback address may have.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { taggedError } from "../base/errors.js";

/** The file of tokens cannot be used as it is: correct it. */
export class TokensInvalid extends taggedError("TokensInvalid", "input") {}

/** Shorter ones can be guessed. */
const fewestCharacters = 20;
export const everybody = "everybody";

const hash = (text: string): Buffer => createHash("sha256").update(text).digest();

export class Tokens {
  readonly #users: readonly { readonly name: string; readonly hash: Buffer }[] | undefined;

  /** @param text of the file; none lets everybody in @throws TokensInvalid */
  constructor(text: string | undefined, path = "tokens") {
    this.#users = text === undefined ? undefined : parse(text, path);
  }

  /** @throws TokensInvalid */
  static async read(path: string): Promise<Tokens> {
    let text: string;
    try {
      const { mode } = await stat(path);
      // Windows has no such bits, and reports none that mean anything.
      if (process.platform !== "win32" && (mode & 0o077) !== 0)
        throw new TokensInvalid(
          `tokens ${path} can be read by others (mode ${(mode & 0o777).toString(8)}); chmod 600 it`,
        );
      text = await readFile(path, "utf8");
    } catch (cause) {
      if (cause instanceof TokensInvalid) throw cause;
      throw new TokensInvalid(`cannot read tokens ${path}: ${(cause as Error).message}`, { cause });
    }
    return new Tokens(text, path);
  }

  get areDemanded(): boolean {
    return this.#users !== undefined;
  }

  /** @param authorization the request's header @returns the user's name; undefined when it is nobody's token */
  userOf(authorization: string | undefined): string | undefined {
    if (this.#users === undefined) return everybody;
    const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? "")?.[1];
    if (token === undefined) return undefined;
    const given = hash(token);
    let found: string | undefined;
    for (const user of this.#users) if (timingSafeEqual(given, user.hash)) found = user.name;
    return found;
  }
}

function parse(text: string, path: string): { name: string; hash: Buffer }[] {
  const users = new Map<string, Buffer>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, token] = /^\s*([A-Za-z0-9._@-]{1,64})\s+([\x21-\x7e]+)\s*$/.exec(line) ?? [];
    const where = `tokens ${path}, line ${i + 1}`;
    if (name === undefined || token === undefined) throw new TokensInvalid(`${where}: not of the form NAME TOKEN`);
    if (token.length < fewestCharacters)
      throw new TokensInvalid(
        `${where}: the token of ${name} has ${token.length} characters, fewer than ${fewestCharacters}`,
      );
    if (users.has(name)) throw new TokensInvalid(`${where}: ${name} has a token already`);
    users.set(name, hash(token));
  }
  if (users.size === 0) throw new TokensInvalid(`tokens ${path} names nobody: one line per user, NAME TOKEN`);
  return Array.from(users, ([name, hash]) => ({ name, hash }));
}
