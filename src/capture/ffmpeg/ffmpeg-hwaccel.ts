import type { HwAccel } from '../../config/camera-schema.ts';

/**
 * ffmpeg's input arguments per preset of hardware decoding. None asks for an output format on the device: ffmpeg then
 * brings the pictures to main memory by itself, where the scaler and the pipe need them.
 * `capture.inputArgs` come after these and win.
 */
export const HWACCEL_ARGS: Readonly<Record<HwAccel, readonly string[]>> = {
  none: [],
  // The first method that this ffmpeg and machine have; software when there is none.
  auto: ['-hwaccel', 'auto'],
  // NVDEC of a discrete NVIDIA GPU. https://trac.ffmpeg.org/wiki/HWAccelIntro#NVDEC
  cuda: ['-hwaccel', 'cuda'],
  // Intel and AMD. Cameras often state a profile that the driver does not list but decodes.
  vaapi: ['-hwaccel', 'vaapi', '-hwaccel_flags', '+allow_profile_mismatch'],
  // An ffmpeg built with https://github.com/jocover/jetson-ffmpeg; H.265: inputArgs ["-c:v", "hevc_nvmpi"].
  'jetson-nvmpi': ['-c:v', 'h264_nvmpi'],
  // NVIDIA's own ffmpeg package for Jetson Linux ("Accelerated decode with ffmpeg" in its guide);
  // H.265: inputArgs ["-c:v", "hevc_nvv4l2dec"].
  'jetson-nvv4l2': ['-c:v', 'h264_nvv4l2dec'],
  // Rockchip MPP, an ffmpeg built from https://github.com/nyanmisaka/ffmpeg-rockchip.
  rkmpp: ['-hwaccel', 'rkmpp'],
};
