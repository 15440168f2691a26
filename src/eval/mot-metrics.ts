import { type ClearCounts, clearCounts, clearScores, combineClear, type MotIncident } from './mot-clear.ts';
import { combineHota, type HotaSums, hotaScores, hotaSums } from './mot-hota.ts';
import { combineIdentity, type IdentityCounts, identityCounts, identityScores } from './mot-identity.ts';
import type { MotSequence } from './mot-sequence.ts';

/** What is counted in a sequence, before it becomes scores. */
export interface MotCounts {
  readonly hota: HotaSums;
  readonly clear: ClearCounts;
  readonly identity: IdentityCounts;
}

/** TrackEval's numbers under TrackEval's names: scores in per cent, the rest counts. */
export interface MotMetrics {
  readonly HOTA: number;
  readonly DetA: number;
  readonly AssA: number;
  readonly LocA: number;
  readonly MOTA: number;
  readonly MOTP: number;
  readonly CLR_Re: number;
  readonly CLR_Pr: number;
  readonly CLR_TP: number;
  readonly CLR_FN: number;
  readonly CLR_FP: number;
  readonly IDSW: number;
  readonly MT: number;
  readonly PT: number;
  readonly ML: number;
  readonly Frag: number;
  readonly IDF1: number;
  readonly IDR: number;
  readonly IDP: number;
  readonly IDTP: number;
  readonly IDFN: number;
  readonly IDFP: number;
}

/** Counts one preprocessed sequence. @param onIncident as of `clearCounts` */
export function countMot(sequence: MotSequence, onIncident?: (incident: MotIncident) => void): MotCounts {
  return {
    hota: hotaSums(sequence),
    clear: clearCounts(sequence, onIncident),
    identity: identityCounts(sequence),
  };
}

/** The counts of several sequences as one, as TrackEval's `COMBINED_SEQ`. */
export function combineMot(sequences: readonly MotCounts[]): MotCounts {
  return {
    hota: combineHota(sequences.map((counts) => counts.hota)),
    clear: combineClear(sequences.map((counts) => counts.clear)),
    identity: combineIdentity(sequences.map((counts) => counts.identity)),
  };
}

export function motMetrics({ hota, clear, identity }: MotCounts): MotMetrics {
  const hotaOf = hotaScores(hota);
  const clearOf = clearScores(clear);
  const identityOf = identityScores(identity);
  return {
    HOTA: 100 * hotaOf.hota,
    DetA: 100 * hotaOf.detA,
    AssA: 100 * hotaOf.assA,
    LocA: 100 * hotaOf.locA,
    MOTA: 100 * clearOf.mota,
    MOTP: 100 * clearOf.motp,
    CLR_Re: 100 * clearOf.recall,
    CLR_Pr: 100 * clearOf.precision,
    CLR_TP: clear.truePositives,
    CLR_FN: clear.falseNegatives,
    CLR_FP: clear.falsePositives,
    IDSW: clear.idSwitches,
    MT: clear.mostlyTracked,
    PT: clear.partlyTracked,
    ML: clear.mostlyLost,
    Frag: clear.fragmentations,
    IDF1: 100 * identityOf.idf1,
    IDR: 100 * identityOf.idRecall,
    IDP: 100 * identityOf.idPrecision,
    IDTP: identity.idTruePositives,
    IDFN: identity.idFalseNegatives,
    IDFP: identity.idFalsePositives,
  };
}
