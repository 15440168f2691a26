import { forgoIdleCollections } from '../base/garbage-collector.ts';
import { type CameraLoad, type CameraLoadResult, runCameraLoad } from './camera-load.ts';

// The child that `measureCameraLoad` starts: one load, one result, and the end.
forgoIdleCollections();
process.once('message', (load: CameraLoad) => {
  void runCameraLoad(load).then((result: CameraLoadResult) => {
    process.send?.(result, () => process.disconnect());
  });
});
