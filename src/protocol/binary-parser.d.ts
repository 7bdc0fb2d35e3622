// The part of binary-parser that we use, with the parsed object's type built up field by field. The package ships
// declarations, but its export map hides them.
declare module "binary-parser" {
  export class Parser<Result extends object = object> {
    endianness(order: "big" | "little"): Parser<Result>;
    uint16<Name extends string>(name: Name): Parser<Result & Record<Name, number>>;
    uint32<Name extends string>(name: Name): Parser<Result & Record<Name, number>>;
    /** @throws RangeError when the bytes are too few */
    parse(bytes: Uint8Array): Result;
  }
}
