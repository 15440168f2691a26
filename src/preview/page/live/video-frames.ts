/** Calls for every picture that a video element presents. @returns what ends it */
export function watchFrames(
  video: HTMLVideoElement,
  onFrame: (metadata: VideoFrameCallbackMetadata) => void,
): () => void {
  let handle = 0;
  const next = (_nowMs: DOMHighResTimeStamp, metadata: VideoFrameCallbackMetadata) => {
    handle = video.requestVideoFrameCallback(next);
    onFrame(metadata);
  };
  handle = video.requestVideoFrameCallback(next);
  return () => video.cancelVideoFrameCallback(handle);
}
