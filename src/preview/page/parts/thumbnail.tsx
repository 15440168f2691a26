import { useState } from 'preact/hooks';
import { colourOf } from '../overlay/palette.ts';

interface ThumbnailProps {
  /** The event whose best view is shown; null: there is none. */
  readonly eventId: string | null;
  readonly label: string;
}

/** The best view of an object, or the first letter of its label where there is no picture (any longer). */
export function Thumbnail({ eventId, label }: ThumbnailProps) {
  const [missing, setMissing] = useState<string>();
  if (eventId === null || missing === eventId) {
    return (
      <span class="thumb thumb-letter" style={{ color: colourOf(label) }} aria-hidden="true">
        {label.slice(0, 1).toUpperCase()}
      </span>
    );
  }
  const source = `/api/events/${encodeURIComponent(eventId)}/crop.jpg`;
  return <img class="thumb" src={source} alt={label} loading="lazy" onError={() => setMissing(eventId)} />;
}
