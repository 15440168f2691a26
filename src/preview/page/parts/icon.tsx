/** Outlines on a field of 24 by 24, stroked in the colour of the text. */
const PATHS = {
  cameras: 'M3 5h8v6H3zM13 5h8v6h-8zM3 13h8v6H3zM13 13h8v6h-8z',
  events: 'M4 6h16M4 12h16M4 18h10',
  device: 'M4 19V9M10 19V5M16 19v-7M21 19H3',
  logout: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
  edit: 'M4 20l4-1L19 8l-3-3L5 16zM14 7l3 3',
  back: 'M14 6l-6 6 6 6',
  play: 'M8 5l11 7-11 7z',
  close: 'M6 6l12 12M18 6L6 18',
  zone: 'M5 8l7-4 7 5-2 10H7z',
  line: 'M5 19L19 5',
  mask: 'M5 5h14v14H5zM5 12l7-7M5 19L19 5M12 19l7-7',
  trash: 'M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13',
  undo: 'M9 7L4 12l5 5M4 12h10a5 5 0 0 1 0 10h-2',
  expand: 'M4 9V4h5M20 15v5h-5M15 4h5v5M9 20H4v-5',
  record: 'M12 12m-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0',
  warning: 'M12 4l9 16H3zM12 10v5M12 17.5v.5',
  theme: 'M12 3a9 9 0 1 0 9 9 7 7 0 0 1-9-9z',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture beside a text that says the same; screen readers skip it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
