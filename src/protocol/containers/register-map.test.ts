import { expect, test } from "vitest";
import type { ContainerBus } from "./container.js";
import { allContainers } from "./dictionary.js";
import { registersOf } from "./register-map.js";

const buses: readonly ContainerBus[] = ["omnibus", "omnibusOverJtag", "jtagPll", "jtagPhy"];

test.each(allContainers.map((container) => [container.name, container] as const))(
  "%s is found at each of its addresses",
  (_, container) => {
    const map = registersOf(container.bus);
    const { size } = container.coordinate;
    for (let index = 0; index < size; index++) {
      const at = container.coordinate.at(index);
      container.addresses(at).forEach((address, word) => {
        const isThere = map.at(address).some((p) => p.container === container && p.at === at && p.word === word);
        if (!isThere) expect.fail(`${container.name} ${container.coordinate.format(at)} word ${word}`);
      });
    }
  },
);

test("what the map names lies there", () => {
  const strangers = [
    0x140020, 0x140017, 0x140018, 0x160002, 0x160008, 0xffff_ffff, 2, 0x2400902, 0x80008000, 0x88007000,
  ];
  for (const bus of buses)
    for (const address of [...strangers, ...strangers.map((a) => a + 1), 4, 7])
      for (const { container, at, word } of registersOf(bus).at(address))
        expect(container.addresses(at)[word], container.name).toBe(address);
  expect(registersOf("omnibus").at(0x140018)).toEqual([]);
  expect(registersOf("omnibus").at(0x80008000)).toEqual([]);
});

test("two containers share an address only where the board's SPI port and their meaning allow it", () => {
  const shared = new Set<string>();
  for (const container of allContainers.filter((c) => c.coordinate.size < 600))
    for (let index = 0; index < container.coordinate.size; index++)
      for (const address of container.addresses(container.coordinate.at(index))) {
        const names = new Set(
          registersOf(container.bus)
            .at(address)
            .map((p) => p.container.name),
        );
        if (names.size > 1) shared.add([...names].sort().join(" "));
      }
  expect([...shared]).toEqual(["DacChannel DacControl"]);
});
