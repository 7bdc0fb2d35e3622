/**
 * Which neurons are joined by switches, and how: from the flags of single neurons to the nodes of a network. Every neuron
 * has a membrane and a segment of soma line; switches short membranes with membranes, lines with lines, a membrane with
 * its line; the inter-compartment conductance lies between membrane and line. Fire lines carry a master's reset to slaves.
 */
import { type AtomicNeuron, AtomicNeuronOnDls, neuronColumn, neuronRow } from "../../protocol/index.js";
import type { NetworkLayout } from "../physics/network.js";

/** A neuron's switches to others. */
export interface NeuronJoins {
  /** All flags as one number: 0 = stands alone; equal numbers, equal joins. */
  readonly key: number;
  readonly somaRight: boolean;
  readonly bottom: boolean;
  readonly membraneRight: boolean;
  readonly soma: boolean;
  readonly conductance: boolean;
  readonly fireBottom: boolean;
  readonly fireFromRight: boolean;
  readonly fireToRight: boolean;
  readonly fireMaster: boolean;
  readonly fireSlave: boolean;
}

export function joinsFrom(flags: Omit<NeuronJoins, "key">): NeuronJoins {
  const order = [flags.somaRight, flags.bottom, flags.membraneRight, flags.soma, flags.conductance, flags.fireBottom];
  const more = [flags.fireFromRight, flags.fireToRight, flags.fireMaster, flags.fireSlave];
  const key = [...order, ...more].reduce((sum, isOn, i) => sum + (isOn ? 2 ** i : 0), 0);
  return { key, ...flags };
}

/** Capacitance of a segment of soma line, pF. */
const lineCapacitance = 0.1;
const columns = 256;

interface Surroundings {
  /** Undefined for a neuron that was never touched: all its switches are open. */
  readonly joins: NeuronJoins | undefined;
  readonly right: AtomicNeuron | undefined;
  readonly left: AtomicNeuron | undefined;
  readonly opposite: AtomicNeuron;
}

/** Disjoint sets of whole numbers. */
class Sets {
  readonly #parent = new Map<number, number>();

  find(x: number): number {
    const parent = this.#parent.get(x) ?? x;
    if (parent === x) return x;
    const root = this.find(parent);
    this.#parent.set(x, root);
    return root;
  }

  join(a: number, b: number): void {
    this.#parent.set(this.find(a), this.find(b));
  }
}

/** The neurons that must be integrated together with one, in ascending order, and how they are joined. */
export interface JoinedGroup {
  readonly members: readonly AtomicNeuron[];
  readonly layout: NetworkLayout;
}

export function findGroup(
  start: AtomicNeuron,
  joinsOf: (neuron: AtomicNeuron) => NeuronJoins | undefined,
): JoinedGroup {
  const around = (neuron: AtomicNeuron): Surroundings => {
    const column = neuronColumn(neuron);
    return {
      joins: joinsOf(neuron),
      right: column < columns - 1 ? AtomicNeuronOnDls.at(neuron + 1) : undefined,
      left: column > 0 ? AtomicNeuronOnDls.at(neuron - 1) : undefined,
      opposite: AtomicNeuronOnDls.at(neuronRow(neuron) === 0 ? neuron + columns : neuron - columns),
    };
  };
  const members = [...reach(start, (neuron) => neighbours(around(neuron), joinsOf))].sort((a, b) => a - b);

  // Terminals: 2 k the membrane, 2 k + 1 the line of member k.
  const place = new Map(members.map((neuron, k) => [neuron, k]));
  const sets = new Sets();
  members.forEach((neuron, k) => {
    const { joins, right, opposite } = around(neuron);
    const rightPlace = right === undefined ? undefined : place.get(right);
    const oppositePlace = place.get(opposite);
    if (joins?.soma) sets.join(2 * k, 2 * k + 1);
    if (joins?.membraneRight && rightPlace !== undefined) sets.join(2 * k, 2 * rightPlace);
    if (joins?.somaRight && rightPlace !== undefined) sets.join(2 * k + 1, 2 * rightPlace + 1);
    if (joins?.bottom && oppositePlace !== undefined) sets.join(2 * k, 2 * oppositePlace);
  });
  const nodes = new Map<number, number>();
  const extraCapacitance: number[] = [];
  const nodeOf = (terminal: number): number => {
    const root = sets.find(terminal);
    const node = nodes.get(root) ?? nodes.size;
    if (node === nodes.size) extraCapacitance.push(0);
    nodes.set(root, node);
    return node;
  };
  const membrane = members.map((_, k) => nodeOf(2 * k));
  const line = members.map((_, k) => nodeOf(2 * k + 1));
  for (const node of line) extraCapacitance[node] = (extraCapacitance[node] as number) + lineCapacitance;
  const slaves = members.map((neuron) => joinsOf(neuron)?.fireSlave === true);
  const followers = members.map((neuron, k) => {
    if (!joinsOf(neuron)?.fireMaster) return [];
    const reached = reach(neuron, (from) => fireTargets(around(from), joinsOf));
    return [...reached].flatMap((other) => {
      const at = place.get(other);
      return at !== undefined && at !== k && slaves[at] ? [at] : [];
    });
  });
  return { members, layout: { nodeCount: nodes.size, membrane, line, extraCapacitance, followers } };
}

function reach(start: AtomicNeuron, next: (neuron: AtomicNeuron) => AtomicNeuron[]): Set<AtomicNeuron> {
  const seen = new Set([start]);
  // A set's iteration goes on over what is added meanwhile.
  for (const neuron of seen) for (const other of next(neuron)) seen.add(other);
  return seen;
}

type JoinsOf = (neuron: AtomicNeuron) => NeuronJoins | undefined;

/** Whether a neuron's switch to its right neighbour is closed, of either kind. */
const isJoinedRight = (joins: NeuronJoins | undefined): boolean =>
  joins !== undefined && (joins.somaRight || joins.membraneRight);

function neighbours({ joins, right, left, opposite }: Surroundings, joinsOf: JoinsOf): AtomicNeuron[] {
  const found: AtomicNeuron[] = [];
  const isFiringAcross = (a: NeuronJoins | undefined): boolean => a?.fireFromRight === true || a?.fireToRight === true;
  if (right !== undefined && (isJoinedRight(joins) || isFiringAcross(joins))) found.push(right);
  const onLeft = left === undefined ? undefined : joinsOf(left);
  if (left !== undefined && (isJoinedRight(onLeft) || isFiringAcross(onLeft))) found.push(left);
  const across = joinsOf(opposite);
  if (joins?.bottom || across?.bottom || joins?.fireBottom || across?.fireBottom) found.push(opposite);
  return found;
}

/** Where a neuron's fire line leads. */
function fireTargets({ joins, right, left, opposite }: Surroundings, joinsOf: JoinsOf): AtomicNeuron[] {
  const found: AtomicNeuron[] = [];
  if (joins?.fireToRight && right !== undefined) found.push(right);
  if (left !== undefined && joinsOf(left)?.fireFromRight) found.push(left);
  if (joins?.fireBottom || joinsOf(opposite)?.fireBottom) found.push(opposite);
  return found;
}
