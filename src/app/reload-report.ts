/** What came of a reload. Holds names, never values. */
export interface ReloadReport {
  /** When it was settled, ms since the epoch. */
  readonly atMs: number;
  /**
   * - `unchanged`: the file says what is in force
   * - `applied`: all of it is in force, but for what `restartNeeded` names
   * - `partly`: some of it could not be put into force: `failures` says what, and what is in force there
   * - `refused`: nothing has changed; `failures` says why
   */
  readonly outcome: 'unchanged' | 'applied' | 'partly' | 'refused';
  /** What differed from what was in force, by path, as `cameras.front.zones.drive`. */
  readonly changed: readonly string[];
  /** Of it, what the daemon takes over only at its next start. */
  readonly restartNeeded: readonly string[];
  readonly failures: readonly ReloadFailure[];
}

export interface ReloadFailure {
  /** Of the configuration, as `http`, or `models.default`. */
  readonly part: string;
  /** What is wrong, and what is in force there now. */
  readonly message: string;
}
