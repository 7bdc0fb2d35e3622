import { expect, test } from "vitest";
import { Rng } from "../../base/rng.js";
import { FeatureMap } from "./features.js";

test("what lies between the extremes of the data is not far, however narrow most of them are", () => {
  const rng = Rng.fromSeed(1);
  // Nine in ten at 100 with a spread of 1, the others anywhere from 60 on: a second interval that is sometimes a pause.
  const x = Float32Array.from(
    { length: 500 },
    (_, i) => 100 + (i % 10 === 0 ? 40 * (rng.uniform() - 1) : rng.normal()),
  );
  const map = FeatureMap.fit(x, 500);
  const [lowest, highest] = [Math.min(...x), Math.max(...x)];
  expect(map.distances([lowest])).toEqual([-4]);
  expect(map.distances([100])[0]).toBeCloseTo(0, 0);
  expect(map.distances([lowest - 5])[0]).toBeLessThan(-20);
  expect(map.distances([highest + 20])[0]).toBeGreaterThan(15);
  // Descriptions of older files know no extremes.
  const { description } = map;
  const older = new FeatureMap({
    ...description,
    scales: description.scales.map(({ centre, scale }) => ({ centre, scale })),
  });
  expect(older.distances([lowest])[0]).toBeLessThan(-20);
  expect(older.apply([lowest, 100])).toEqual(map.apply([lowest, 100]));
});
