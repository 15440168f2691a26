import type { MediaSink } from '../flow/media.ts';

/** Gives a camera's encoded video to several takers, in the order of the list. */
export function mediaFanout(sinks: readonly MediaSink[]): MediaSink {
  return {
    fragment: (fragment) => {
      for (const sink of sinks) sink.fragment(fragment);
    },
    ended: () => {
      for (const sink of sinks) sink.ended();
    },
    unusable: (why) => {
      for (const sink of sinks) sink.unusable(why);
    },
  };
}
