import type { StorageConfig } from '../config/schema.ts';
import type { MediaLimits } from '../store/media/media-retention.ts';

/** What the configuration allows clips and best views to take. */
export function mediaLimitsOf({ retention, reserveMiB }: StorageConfig): MediaLimits {
  return {
    clips: { maxBytes: retention.clipsGiB * 1024 ** 3, maxDays: retention.clipsDays },
    snapshots: { maxBytes: retention.snapshotsGiB * 1024 ** 3, maxDays: retention.snapshotsDays },
    reserveBytes: reserveMiB * 1024 ** 2,
  };
}
