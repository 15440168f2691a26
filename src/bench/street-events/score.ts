import type { Fact, TruthFact } from './street.ts';

/** How the events of one type compare with the truth. */
export interface TypeScore {
  /** Told and true. */
  right: number;
  /** Told and not true. */
  wrong: number;
  /** True and not told. */
  missed: number;
  /** Cases that the truth leaves open, told or not. */
  open: number;
}

/** Precision and recall of each event type over streets. */
export class EventScore {
  readonly types = new Map<string, TypeScore>();
  /** One line for every event that was wrong or missed. */
  readonly failures: string[] = [];
  readonly #toleranceMs: number;

  /** @param toleranceMs by which a told event may lie outside the times of a fact */
  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs;
  }

  /** One street. A told event that fits no sure fact may fit an open one, and counts as neither then. */
  add(street: string, told: readonly Fact[], truth: readonly TruthFact[]): void {
    const sure = truth.filter((fact) => !fact.open);
    const open = truth.filter((fact) => fact.open);
    const right = this.#match(told, sure);
    const others = told.filter((fact) => !right.has(fact));
    const excused = this.#match(others, open);
    const found = new Set(right.values());
    for (const { type } of right.keys()) this.#of(type).right += 1;
    for (const { type } of open) this.#of(type).open += 1;
    for (const fact of others.filter((other) => !excused.has(other))) {
      this.#of(fact.type).wrong += 1;
      this.failures.push(`${street} wrong  ${line(fact)}`);
    }
    for (const fact of sure.filter((other) => !found.has(other))) {
      this.#of(fact.type).missed += 1;
      this.failures.push(`${street} missed ${line(fact)}`);
    }
  }

  #of(type: string): TypeScore {
    const known = this.types.get(type) ?? { right: 0, wrong: 0, missed: 0, open: 0 };
    this.types.set(type, known);
    return known;
  }

  /** As many pairs as there can be, one to one (augmenting paths, Kuhn). */
  #match(told: readonly Fact[], truth: readonly TruthFact[]): Map<Fact, TruthFact> {
    const teller = new Map<TruthFact, Fact>();
    const assign = (fact: Fact, tried: Set<TruthFact>): boolean => {
      for (const other of truth) {
        if (tried.has(other) || !this.#fits(fact, other)) continue;
        tried.add(other);
        const rival = teller.get(other);
        if (rival !== undefined && !assign(rival, tried)) continue;
        teller.set(other, fact);
        return true;
      }
      return false;
    };
    for (const fact of told) assign(fact, new Set());
    return new Map([...teller].map(([other, fact]) => [fact, other]));
  }

  #fits(told: Fact, truth: Fact): boolean {
    const apartMs = Math.max(0, truth.fromMs - told.toMs, told.fromMs - truth.toMs);
    return (
      told.type === truth.type &&
      told.label === truth.label &&
      told.place === truth.place &&
      apartMs <= this.#toleranceMs
    );
  }
}

export function precision({ right, wrong }: TypeScore): number {
  return right + wrong === 0 ? 1 : right / (right + wrong);
}

export function recall({ right, missed }: TypeScore): number {
  return right + missed === 0 ? 1 : right / (right + missed);
}

/** Share of all cases that the truth leaves open. */
export function openShare({ right, missed, open }: TypeScore): number {
  return open === 0 ? 0 : open / (right + missed + open);
}

function line({ type, label, place, fromMs, toMs }: Fact): string {
  return `${type} ${label} ${place} ${(fromMs / 1000).toFixed(2)}..${(toMs / 1000).toFixed(2)}`;
}
