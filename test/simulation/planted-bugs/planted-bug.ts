import type { Shape } from '../history.js';
import type { Family } from '../random-history.js';
import type { ShopProcess } from '../shop-process.js';

/** A mistake that somebody could make, put into every process of a world before it starts. */
export interface PlantedBug {
  readonly name: string;
  /** The promise that it breaks: an invariant of the design (§11), or one that the code numbers. */
  readonly breaks: string;
  /** Where it shows most; any history, when it is not said. */
  readonly family?: Family;
  /** Where else it would show: in process, when it is not said. */
  readonly shape?: Shape;
  readonly plant: (process: ShopProcess) => void;
}

type Method = (...given: never[]) => unknown;

/** Puts another method in the place of an object's own, which may be private. */
export function change<Original extends Method>(target: object, name: string, make: (original: Original) => Method): void {
  const methods = target as Record<string, Method | undefined>;
  const original = methods[name];
  if (!original) throw new Error(`there is no method ${name} to plant a bug in`);
  methods[name] = make(original.bind(target) as Original);
}

/** A field of an object that is nobody else's business. */
export const fieldOf = <Field>(target: object, name: string): Field => (target as Record<string, Field>)[name] as Field;
