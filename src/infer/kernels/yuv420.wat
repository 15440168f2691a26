;; Rows of an I420 picture -> rows of normalised float32, or of bytes, in three planes, eight pixels at a time.
;;
;; For each channel c of a pixel with luma Y and chroma U, V:
;;
;;   value = clamp(lumaGain[c] * (Y - lumaZero) + u[c] * (U - 128) + v[c] * (V - 128) + offset[c], low[c], high[c])
;;
;; The coefficients already contain the model's normalisation, so that nothing is left to do after the clamp.
;; Red does not depend on U, nor blue on V (ITU-R BT.601-7, BT.709-6).
;;
;; Whole groups of eight are read and written: up to seven samples beyond a row's end are read, and up to seven values
;; beyond each output row are written. The caller leaves room for both.
;;
;; Memory: the coefficients lie at address 0 as float32, in the order in which they are loaded below. The caller places the
;; rest.
(module
  (memory (export "memory") 1)

  (func (export "convertRows")
    (param $lumaRow i32) ;; address of the first row's first luma sample
    (param $uRow i32)    ;; address of its first U sample
    (param $vRow i32)    ;; address of its first V sample
    (param $width i32)   ;; pixels, more than 0
    (param $rows i32)    ;; more than 0; the first and the second share their chroma, and so on
    (param $redRow i32)  ;; address of the first red row, a multiple of 16 for speed
    (param $greenRow i32)
    (param $blueRow i32)
    (param $step i32)    ;; bytes from one output row to the next

    (local $row i32)
    (local $chromaStep i32) ;; samples from one chroma row to the next
    (local $luma i32) (local $u i32) (local $v i32) (local $red i32) (local $green i32) (local $blue i32)
    (local $end i32) ;; luma address at which the row stops
    (local $lumaZero v128)
    (local $redLuma v128) (local $redV v128) (local $redOffset v128) (local $redLow v128) (local $redHigh v128)
    (local $greenLuma v128) (local $greenU v128) (local $greenV v128) (local $greenOffset v128)
    (local $greenLow v128) (local $greenHigh v128)
    (local $blueLuma v128) (local $blueU v128) (local $blueOffset v128) (local $blueLow v128) (local $blueHigh v128)
    (local $cb v128) (local $cr v128) ;; U - 128 and V - 128 of four chroma samples
    (local $r v128) (local $g v128) (local $b v128) ;; chroma's part of each channel, of four chroma samples
    (local $samples v128) ;; eight Y - lumaZero as i16
    (local $y v128) ;; four Y - lumaZero as f32

    (local.set $lumaZero (i16x8.splat (i32.trunc_sat_f32_s (f32.load offset=0 (i32.const 0)))))
    (local.set $redLuma (v128.load32_splat offset=4 (i32.const 0)))
    (local.set $redV (v128.load32_splat offset=8 (i32.const 0)))
    (local.set $redOffset (v128.load32_splat offset=12 (i32.const 0)))
    (local.set $redLow (v128.load32_splat offset=16 (i32.const 0)))
    (local.set $redHigh (v128.load32_splat offset=20 (i32.const 0)))
    (local.set $greenLuma (v128.load32_splat offset=24 (i32.const 0)))
    (local.set $greenU (v128.load32_splat offset=28 (i32.const 0)))
    (local.set $greenV (v128.load32_splat offset=32 (i32.const 0)))
    (local.set $greenOffset (v128.load32_splat offset=36 (i32.const 0)))
    (local.set $greenLow (v128.load32_splat offset=40 (i32.const 0)))
    (local.set $greenHigh (v128.load32_splat offset=44 (i32.const 0)))
    (local.set $blueLuma (v128.load32_splat offset=48 (i32.const 0)))
    (local.set $blueU (v128.load32_splat offset=52 (i32.const 0)))
    (local.set $blueOffset (v128.load32_splat offset=56 (i32.const 0)))
    (local.set $blueLow (v128.load32_splat offset=60 (i32.const 0)))
    (local.set $blueHigh (v128.load32_splat offset=64 (i32.const 0)))
    (local.set $chromaStep (i32.shr_u (i32.add (local.get $width) (i32.const 1)) (i32.const 1)))

    (loop $next
      (local.set $luma (local.get $lumaRow))
      (local.set $u (local.get $uRow))
      (local.set $v (local.get $vRow))
      (local.set $red (local.get $redRow))
      (local.set $green (local.get $greenRow))
      (local.set $blue (local.get $blueRow))
      (local.set $end (i32.add (local.get $luma) (local.get $width)))

      (loop $eight
        ;; Four chroma samples: bytes -> signed 16 bits around 0 -> float.
        (local.set $cb
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.sub
            (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $u)))
            (v128.const i16x8 128 128 128 128 128 128 128 128)))))
        (local.set $cr
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.sub
            (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $v)))
            (v128.const i16x8 128 128 128 128 128 128 128 128)))))
        (local.set $r (f32x4.add (f32x4.mul (local.get $cr) (local.get $redV)) (local.get $redOffset)))
        (local.set $g
          (f32x4.add
            (f32x4.mul (local.get $cb) (local.get $greenU))
            (f32x4.add (f32x4.mul (local.get $cr) (local.get $greenV)) (local.get $greenOffset))))
        (local.set $b (f32x4.add (f32x4.mul (local.get $cb) (local.get $blueU)) (local.get $blueOffset)))
        (local.set $samples
          (i16x8.sub (i16x8.extend_low_i8x16_u (v128.load64_zero (local.get $luma))) (local.get $lumaZero)))

        ;; Pixels 0 to 3 share chroma samples 0 and 1: each shuffle repeats these two, four bytes each.
        (local.set $y (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $samples))))
        (v128.store (local.get $red)
          (f32x4.pmin (local.get $redHigh) (f32x4.pmax (local.get $redLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $redLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $r) (local.get $r))))))
        (v128.store (local.get $green)
          (f32x4.pmin (local.get $greenHigh) (f32x4.pmax (local.get $greenLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $greenLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $g) (local.get $g))))))
        (v128.store (local.get $blue)
          (f32x4.pmin (local.get $blueHigh) (f32x4.pmax (local.get $blueLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $blueLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $b) (local.get $b))))))

        ;; Pixels 4 to 7 share chroma samples 2 and 3.
        (local.set $y (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $samples))))
        (v128.store offset=16 (local.get $red)
          (f32x4.pmin (local.get $redHigh) (f32x4.pmax (local.get $redLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $redLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $r) (local.get $r))))))
        (v128.store offset=16 (local.get $green)
          (f32x4.pmin (local.get $greenHigh) (f32x4.pmax (local.get $greenLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $greenLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $g) (local.get $g))))))
        (v128.store offset=16 (local.get $blue)
          (f32x4.pmin (local.get $blueHigh) (f32x4.pmax (local.get $blueLow) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $blueLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $b) (local.get $b))))))

        (local.set $u (i32.add (local.get $u) (i32.const 4)))
        (local.set $v (i32.add (local.get $v) (i32.const 4)))
        (local.set $red (i32.add (local.get $red) (i32.const 32)))
        (local.set $green (i32.add (local.get $green) (i32.const 32)))
        (local.set $blue (i32.add (local.get $blue) (i32.const 32)))
        (local.set $luma (i32.add (local.get $luma) (i32.const 8)))
        (br_if $eight (i32.lt_u (local.get $luma) (local.get $end))))

      (local.set $lumaRow (local.get $end))
      (if (i32.and (local.get $row) (i32.const 1))
        (then
          (local.set $uRow (i32.add (local.get $uRow) (local.get $chromaStep)))
          (local.set $vRow (i32.add (local.get $vRow) (local.get $chromaStep)))))
      (local.set $redRow (i32.add (local.get $redRow) (local.get $step)))
      (local.set $greenRow (i32.add (local.get $greenRow) (local.get $step)))
      (local.set $blueRow (i32.add (local.get $blueRow) (local.get $step)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $row) (local.get $rows)))))

  ;; As convertRows, of values that are levels of 0..255, rounded to bytes, for graphs that normalise themselves. Narrowing
  ;; clamps.
  (func (export "convertRowsToBytes")
    (param $lumaRow i32) ;; address of the first row's first luma sample
    (param $uRow i32)    ;; address of its first U sample
    (param $vRow i32)    ;; address of its first V sample
    (param $width i32)   ;; pixels, more than 0
    (param $rows i32)    ;; more than 0; the first and the second share their chroma, and so on
    (param $redRow i32)  ;; address of the first red row, any
    (param $greenRow i32)
    (param $blueRow i32)
    (param $step i32)    ;; bytes from one output row to the next

    (local $row i32)
    (local $chromaStep i32) ;; samples from one chroma row to the next
    (local $luma i32) (local $u i32) (local $v i32) (local $red i32) (local $green i32) (local $blue i32)
    (local $end i32) ;; luma address at which the row stops
    (local $lumaZero v128)
    (local $redLuma v128) (local $redV v128) (local $redOffset v128)
    (local $greenLuma v128) (local $greenU v128) (local $greenV v128) (local $greenOffset v128)
    (local $blueLuma v128) (local $blueU v128) (local $blueOffset v128)
    (local $cb v128) (local $cr v128) ;; U - 128 and V - 128 of four chroma samples
    (local $r v128) (local $g v128) (local $b v128) ;; chroma's part of each channel, of four chroma samples
    (local $redFirst v128) (local $greenFirst v128) (local $blueFirst v128) ;; pixels 0 to 3 as whole levels
    (local $redSecond v128) (local $greenSecond v128) (local $blueSecond v128) ;; pixels 4 to 7
    (local $samples v128) ;; eight Y - lumaZero as i16
    (local $y v128) ;; four Y - lumaZero as f32
    (local $whole v128) ;; 1.5 * 2^23: what it is added to has its nearest whole number in the lowest bits

    (local.set $whole (v128.const f32x4 12582912 12582912 12582912 12582912))
    (local.set $lumaZero (i16x8.splat (i32.trunc_sat_f32_s (f32.load offset=0 (i32.const 0)))))
    (local.set $redLuma (v128.load32_splat offset=4 (i32.const 0)))
    (local.set $redV (v128.load32_splat offset=8 (i32.const 0)))
    (local.set $redOffset (v128.load32_splat offset=12 (i32.const 0)))
    (local.set $greenLuma (v128.load32_splat offset=24 (i32.const 0)))
    (local.set $greenU (v128.load32_splat offset=28 (i32.const 0)))
    (local.set $greenV (v128.load32_splat offset=32 (i32.const 0)))
    (local.set $greenOffset (v128.load32_splat offset=36 (i32.const 0)))
    (local.set $blueLuma (v128.load32_splat offset=48 (i32.const 0)))
    (local.set $blueU (v128.load32_splat offset=52 (i32.const 0)))
    (local.set $blueOffset (v128.load32_splat offset=56 (i32.const 0)))
    (local.set $chromaStep (i32.shr_u (i32.add (local.get $width) (i32.const 1)) (i32.const 1)))

    (loop $next
      (local.set $luma (local.get $lumaRow))
      (local.set $u (local.get $uRow))
      (local.set $v (local.get $vRow))
      (local.set $red (local.get $redRow))
      (local.set $green (local.get $greenRow))
      (local.set $blue (local.get $blueRow))
      (local.set $end (i32.add (local.get $luma) (local.get $width)))

      (loop $eight
        ;; Four chroma samples: bytes -> signed 16 bits around 0 -> float.
        (local.set $cb
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.sub
            (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $u)))
            (v128.const i16x8 128 128 128 128 128 128 128 128)))))
        (local.set $cr
          (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (i16x8.sub
            (i16x8.extend_low_i8x16_u (v128.load32_zero (local.get $v)))
            (v128.const i16x8 128 128 128 128 128 128 128 128)))))
        (local.set $r (f32x4.add (f32x4.mul (local.get $cr) (local.get $redV)) (local.get $redOffset)))
        (local.set $g
          (f32x4.add
            (f32x4.mul (local.get $cb) (local.get $greenU))
            (f32x4.add (f32x4.mul (local.get $cr) (local.get $greenV)) (local.get $greenOffset))))
        (local.set $b (f32x4.add (f32x4.mul (local.get $cb) (local.get $blueU)) (local.get $blueOffset)))
        (local.set $samples
          (i16x8.sub (i16x8.extend_low_i8x16_u (v128.load64_zero (local.get $luma))) (local.get $lumaZero)))

        ;; Pixels 0 to 3 share chroma samples 0 and 1: each shuffle repeats these two, four bytes each.
        (local.set $y (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $samples))))
        (local.set $redFirst
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $redLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $r) (local.get $r)))) (local.get $whole)))
        (local.set $greenFirst
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $greenLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $g) (local.get $g)))) (local.get $whole)))
        (local.set $blueFirst
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $blueLuma))
            (i8x16.shuffle 0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7 (local.get $b) (local.get $b)))) (local.get $whole)))

        ;; Pixels 4 to 7 share chroma samples 2 and 3.
        (local.set $y (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $samples))))
        (local.set $redSecond
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $redLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $r) (local.get $r)))) (local.get $whole)))
        (local.set $greenSecond
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $greenLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $g) (local.get $g)))) (local.get $whole)))
        (local.set $blueSecond
          (i32x4.sub (f32x4.add (local.get $whole) (f32x4.add
            (f32x4.mul (local.get $y) (local.get $blueLuma))
            (i8x16.shuffle 8 9 10 11 8 9 10 11 12 13 14 15 12 13 14 15 (local.get $b) (local.get $b)))) (local.get $whole)))

        ;; Eight values of 32 bits -> 16 -> 8, clamped on the way; they fill the lower half.
        (v128.store64_lane 0 (local.get $red)
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s (local.get $redFirst) (local.get $redSecond))
            (v128.const i32x4 0 0 0 0)))
        (v128.store64_lane 0 (local.get $green)
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s (local.get $greenFirst) (local.get $greenSecond))
            (v128.const i32x4 0 0 0 0)))
        (v128.store64_lane 0 (local.get $blue)
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_s (local.get $blueFirst) (local.get $blueSecond))
            (v128.const i32x4 0 0 0 0)))

        (local.set $u (i32.add (local.get $u) (i32.const 4)))
        (local.set $v (i32.add (local.get $v) (i32.const 4)))
        (local.set $red (i32.add (local.get $red) (i32.const 8)))
        (local.set $green (i32.add (local.get $green) (i32.const 8)))
        (local.set $blue (i32.add (local.get $blue) (i32.const 8)))
        (local.set $luma (i32.add (local.get $luma) (i32.const 8)))
        (br_if $eight (i32.lt_u (local.get $luma) (local.get $end))))

      (local.set $lumaRow (local.get $end))
      (if (i32.and (local.get $row) (i32.const 1))
        (then
          (local.set $uRow (i32.add (local.get $uRow) (local.get $chromaStep)))
          (local.set $vRow (i32.add (local.get $vRow) (local.get $chromaStep)))))
      (local.set $redRow (i32.add (local.get $redRow) (local.get $step)))
      (local.set $greenRow (i32.add (local.get $greenRow) (local.get $step)))
      (local.set $blueRow (i32.add (local.get $blueRow) (local.get $step)))
      (local.set $row (i32.add (local.get $row) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $row) (local.get $rows))))))
