/** The catalogue: every error that a person can meet has one code here. `cli/` alone turns codes into exit statuses. */
export type ErrorCode =
  | 'usage'
  | 'config_invalid'
  | 'config_unreadable'
  | 'model_unreadable'
  | 'model_invalid'
  | 'model_external_data_missing'
  | 'model_unsupported'
  | 'model_differs'
  | 'model_checksum_wrong'
  | 'download_failed'
  | 'backend_unavailable'
  | 'provider_unavailable'
  | 'inference_failed'
  | 'inference_timeout'
  | 'capture_failed'
  | 'tool_missing'
  | 'image_unreadable'
  | 'data_invalid'
  | 'mqtt_failed'
  | 'store_failed'
  | 'store_locked'
  | 'port_in_use'
  | 'deadline_exceeded'
  | 'io_failed'
  | 'internal';

/** One thing wrong at one place of a file that a person wrote. Lines and columns count from 1. */
export interface FileIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Where in the document, such as `cameras.front.detect.fps`; empty for the document itself. */
  readonly path: string;
  readonly message: string;
  /** What to try. */
  readonly hint?: string;
}

export interface ErrorDetails {
  /** What to try, in a sentence that a person can act on. */
  hint?: string;
  /** The low-level error, kept as it came. */
  cause?: unknown;
  /** Everything that is wrong with a file, in the order of the file. */
  issues?: readonly FileIssue[];
}

/** The one error type of the program: a catalogued code, what failed, what to try and why. */
export class OcellusError extends Error {
  override readonly name = 'OcellusError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** Of `config_invalid`: every issue; otherwise empty. */
  readonly issues: readonly FileIssue[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.issues = details.issues ?? [];
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** `message (hint)` for one line of a log or of stderr. */
export function explain(thrown: unknown): string {
  const hint = thrown instanceof OcellusError ? thrown.hint : undefined;
  return hint === undefined ? messageOf(thrown) : `${messageOf(thrown)} (${hint})`;
}

/** True for the rejection that an aborted `AbortSignal` causes. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === 'AbortError';
}
