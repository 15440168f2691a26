/** Where in the page one is. It stands behind the `#` of the address, so that the server need not know it. */
export type Route =
  | { readonly view: 'cameras' }
  | { readonly view: 'camera'; readonly cameraId: string }
  | { readonly view: 'editor'; readonly cameraId: string }
  | { readonly view: 'events'; readonly query: URLSearchParams }
  | { readonly view: 'device' };

/** Reads the fragment of an address, `#` included. What is unknown is the grid of cameras. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view, id, part] = path.split('/').map(decoded);
  if (view === 'cameras' && id) return { view: part === 'zones' ? 'editor' : 'camera', cameraId: id };
  if (view === 'events') return { view, query: new URLSearchParams(query) };
  return { view: view === 'device' ? view : 'cameras' };
}

/** The opposite of `parseRoute`. */
export function formatRoute(route: Route): string {
  switch (route.view) {
    case 'camera':
      return `#/cameras/${encodeURIComponent(route.cameraId)}`;
    case 'editor':
      return `#/cameras/${encodeURIComponent(route.cameraId)}/zones`;
    case 'events': {
      const query = route.query.toString();
      return query === '' ? '#/events' : `#/events?${query}`;
    }
    default:
      return `#/${route.view}`;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
