import { boundsOf } from './raster.ts';
import { ellipse, hsv, limb, ring, type Shape, shade, type Yuv, yuv } from './shapes.ts';

export type FigureLabel = 'person' | 'car' | 'bicycle';
export type Heading = 'left' | 'right' | 'towards' | 'away';

/** Where a figure stands and how its limbs are. */
export interface Pose {
  /** The point on the ground below the figure's middle, source pixels. */
  readonly x: number;
  readonly y: number;
  /** Source pixels per metre at that depth. */
  readonly pxPerM: number;
  readonly heading: Heading;
  /** Walking, pedalling or rolling phase, radians. */
  readonly phase: number;
  /** 0 standing .. 1 full stride. */
  readonly stride: number;
}

/** What tells one figure from another; drawn once from the seed. */
export interface Look {
  readonly label: FigureLabel;
  /** 0.86..1.1 of the usual size. */
  readonly size: number;
  /** Which of a kind's variants, 0..1. */
  readonly variant: number;
  readonly colours: readonly [Yuv, Yuv, Yuv];
  readonly skin: Yuv;
}

const TYRE = yuv(0.07, 0.07, 0.08);
const RIM = yuv(0.62, 0.63, 0.65);
const GLASS = yuv(0.2, 0.27, 0.32);

/** Draws the look of one figure. @param random uniform in [0, 1) */
export function drawLook(label: FigureLabel, random: () => number): Look {
  const cloth = () => hsv(random(), 0.15 + 0.75 * random(), 0.12 + 0.8 * random());
  const tone = random();
  return {
    label,
    size: 0.86 + 0.24 * random(),
    variant: random(),
    colours: [cloth(), cloth(), cloth()],
    skin: yuv(0.9 - 0.5 * tone, 0.72 - 0.45 * tone, 0.6 - 0.42 * tone),
  };
}

/** The outlines of a figure, back to front, in source pixels. */
export function figureShapes(look: Look, pose: Pose): Shape[] {
  const pxPerM = pose.pxPerM * look.size;
  const facing = pose.heading === 'left' ? -1 : 1;
  // A figure is built looking right, in metres, with y up; this puts it into the picture.
  const place: Place = (metres) =>
    metres.map((value, i) => (i % 2 === 0 ? pose.x + facing * value * pxPerM : pose.y - value * pxPerM));
  if (look.label === 'car') return car(look, pose, place);
  if (look.label === 'bicycle') return bicycle(look, pose, place);
  return person(look, pose, place);
}

/** The box of a figure's outlines: x1, y1, x2, y2. */
export function figureBox(shapes: readonly Shape[]): [number, number, number, number] {
  const boxes = shapes.map(({ polygon }) => boundsOf(polygon));
  return [
    Math.min(...boxes.map((box) => box[0])),
    Math.min(...boxes.map((box) => box[1])),
    Math.max(...boxes.map((box) => box[2])),
    Math.max(...boxes.map((box) => box[3])),
  ];
}

type Place = (metres: readonly number[]) => number[];

function person(look: Look, pose: Pose, place: Place): Shape[] {
  const [top, trousers, hair] = look.colours;
  const side = pose.heading === 'left' || pose.heading === 'right';
  const swing = Math.sin(pose.phase) * pose.stride;
  const bob = 0.02 * Math.abs(Math.cos(pose.phase)) * pose.stride;
  const hip = 0.9 + bob;
  const shoulder = 1.42 + bob;
  const girth = 0.13 + 0.06 * look.variant;
  const shoes = yuv(0.12, 0.1, 0.1);
  const shapes: Shape[] = [];
  const add = (polygon: readonly number[], colour: Yuv) => shapes.push({ polygon: place(polygon), colour });

  const leg = (angle: number, lateral: number, colour: Yuv) => {
    // Seen from the side a leg swings; seen from the front it lifts.
    const bend = Math.max(0, -angle) * 0.9 + 0.08;
    const kneeX = side ? 0.44 * Math.sin(angle * 0.55) : lateral;
    const lift = side ? 0.1 * Math.max(0, -angle) : 0.16 * Math.max(0, angle);
    const kneeY = hip - 0.44 + lift * 0.6;
    const footX = side ? kneeX + 0.44 * Math.sin(angle * 0.55 - bend * 0.45) : lateral;
    const footY = 0.07 + lift;
    add(limb(lateral * (side ? 0 : 0.9), hip, kneeX, kneeY, 0.1, 0.08), colour);
    add(limb(kneeX, kneeY, footX, footY, 0.08, 0.055), colour);
    add(limb(footX - 0.02, footY - 0.02, footX + (side ? 0.13 : 0), footY - 0.03, 0.05, 0.04), shoes);
  };
  const arm = (angle: number, lateral: number, colour: Yuv) => {
    const elbowX = side ? 0.28 * Math.sin(angle * 0.6) : lateral * 1.12;
    const elbowY = shoulder - 0.3;
    const handX = side ? elbowX + 0.26 * Math.sin(angle * 0.6 + 0.35) : lateral * 1.1;
    const handY = elbowY - 0.25 + (side ? 0.03 : 0.05 * Math.max(0, angle));
    add(limb(side ? 0 : lateral * 0.9, shoulder - 0.04, elbowX, elbowY, 0.062, 0.052), colour);
    add(limb(elbowX, elbowY, handX, handY, 0.05, 0.04), colour);
    add(ellipse(handX, handY - 0.03, 0.045, 0.05, 8), look.skin);
  };

  const half = side ? girth * 0.85 : girth * 1.25;
  arm(-swing, -half, shade(top, 0.72));
  leg(-swing, -0.1, shade(trousers, 0.75));
  leg(swing, 0.1, trousers);
  if (look.variant > 0.7 && side)
    add(limb(-half - 0.08, shoulder - 0.08, -half - 0.08, hip + 0.1, 0.11, 0.12), hair);
  add(limb(0, hip, side ? 0.03 : 0, shoulder - 0.1, girth * (side ? 0.8 : 1.05), half), top);
  add(limb(0.02, shoulder, 0.03, shoulder + 0.1, 0.05, 0.05), look.skin);
  add(ellipse(0.03, shoulder + 0.2, 0.1, 0.125, 12), look.skin);
  const hairX = side ? -0.01 : 0.03;
  if (pose.heading === 'away') add(ellipse(0.03, shoulder + 0.21, 0.105, 0.13, 12), hair);
  else add(limb(hairX - 0.05, shoulder + 0.27, hairX + 0.06, shoulder + 0.29, 0.06, 0.045), hair);
  arm(swing, half, shade(top, 0.9));
  return shapes;
}

function car(look: Look, pose: Pose, place: Place): Shape[] {
  const paint = look.colours[0];
  const van = look.variant > 0.8;
  const estate = look.variant > 0.4;
  const length = van ? 2.5 : 2.1;
  const roof = van ? 2.0 : 1.48;
  const waist = van ? 1.15 : 0.92;
  const shapes: Shape[] = [];
  const add = (polygon: readonly number[], colour: Yuv) => shapes.push({ polygon: place(polygon), colour });

  const rearRoof = van || estate ? -length + 0.22 : -length + 0.95;
  const frontRoof = van ? length - 1.0 : 0.55;
  const bonnet = van ? length - 0.35 : length - 0.95;
  const back = [-length, 0.3, -length, waist, rearRoof - 0.12, waist + 0.05, rearRoof, roof];
  add([...back, frontRoof, roof, bonnet, waist, length - 0.1, waist - 0.16, length, 0.32], paint);
  add([-length, 0.3, -length, 0.45, length, 0.45, length, 0.3], shade(paint, 0.6));
  const glassBottom = waist + 0.04;
  const glassTop = roof - 0.1;
  if (!van) {
    add([rearRoof + 0.02, glassBottom, rearRoof + 0.12, glassTop, -0.2, glassTop, -0.2, glassBottom], GLASS);
  }
  add([-0.1, glassBottom, -0.1, glassTop, frontRoof - 0.04, glassTop, bonnet - 0.16, glassBottom], GLASS);
  add([-0.16, 0.4, -0.16, waist, -0.13, waist, -0.13, 0.4], shade(paint, 0.55));
  add(ellipse(length - 0.1, 0.66, 0.1, 0.09, 8), yuv(0.98, 0.96, 0.8));
  add(ellipse(-length + 0.07, 0.72, 0.07, 0.12, 8), yuv(0.75, 0.08, 0.06));
  for (const axle of [-length + 0.75, length - 0.8]) {
    add(ellipse(axle, 0.34, 0.4, 0.4), shade(paint, 0.35));
    add(ellipse(axle, 0.33, 0.33, 0.33), TYRE);
    add(ellipse(axle, 0.33, 0.19, 0.19, 10), RIM);
    const [dx, dy] = [0.17 * Math.cos(pose.phase), -0.17 * Math.sin(pose.phase)];
    add(limb(axle - dx, 0.33 - dy, axle + dx, 0.33 + dy, 0.03, 0.03), TYRE);
  }
  return shapes;
}

/** A bicycle together with its rider: one object, labelled `bicycle`. */
function bicycle(look: Look, pose: Pose, place: Place): Shape[] {
  const [frame, top, trousers] = look.colours;
  const shapes: Shape[] = [];
  const add = (polygon: readonly number[], colour: Yuv) => shapes.push({ polygon: place(polygon), colour });
  const leg = (angle: number, colour: Yuv) => {
    const pedal: [number, number] = [-0.05 + 0.17 * Math.cos(angle), 0.32 - 0.17 * Math.sin(angle)];
    const knee: [number, number] = [0.2 + 0.08 * Math.cos(angle), 0.74 - 0.1 * Math.sin(angle)];
    add(limb(-0.22, 0.98, ...knee, 0.1, 0.08), colour);
    add(limb(...knee, ...pedal, 0.075, 0.05), colour);
    add(limb(pedal[0] - 0.05, pedal[1] - 0.05, pedal[0] + 0.1, pedal[1] - 0.05, 0.045, 0.04), TYRE);
  };
  leg(pose.phase + Math.PI, shade(trousers, 0.7));
  for (const hub of [-0.53, 0.53]) {
    add(ring(hub, 0.35, 0.35, 0.28), TYRE);
    const [dx, dy] = [0.3 * Math.cos(pose.phase), -0.3 * Math.sin(pose.phase)];
    add(limb(hub - dx, 0.35 - dy, hub + dx, 0.35 + dy, 0.012, 0.012), RIM);
    add(limb(hub + dy, 0.35 - dx, hub - dy, 0.35 + dx, 0.012, 0.012), RIM);
  }
  const tubes = [
    [-0.53, 0.35, -0.05, 0.32],
    [-0.05, 0.32, 0.38, 0.82],
    [-0.05, 0.32, -0.22, 0.86],
    [-0.2, 0.8, 0.38, 0.84],
    [-0.53, 0.35, -0.2, 0.8],
    [0.53, 0.35, 0.36, 0.98],
  ] as const;
  for (const [x1, y1, x2, y2] of tubes) add(limb(x1, y1, x2, y2, 0.035, 0.03), frame);
  add(limb(-0.34, 0.9, -0.12, 0.9, 0.05, 0.03), TYRE);
  leg(pose.phase, trousers);
  add(limb(-0.22, 1.02, 0.08, 1.46, 0.14, 0.15), top);
  add(limb(0.1, 1.44, 0.24, 1.18, 0.06, 0.05), shade(top, 0.85));
  add(limb(0.24, 1.18, 0.42, 1.05, 0.05, 0.04), look.skin);
  add(ellipse(0.2, 1.7, 0.1, 0.12, 12), look.skin);
  if (look.variant > 0.4) add(limb(0.1, 1.77, 0.24, 1.79, 0.08, 0.07), shade(frame, 1.2));
  return shapes;
}
