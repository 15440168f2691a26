// Where things are in the street, in 0..1 of the picture. The camera looks across the street, slightly down.

/** Where the ground would meet the sky. */
export const HORIZON = 0.2;
export const FACADE_BOTTOM = 0.4;
export const ROAD_TOP = 0.5;
export const ROAD_BOTTOM = 0.815;
/** Ground line of somebody who stands in a door. */
export const DOORSTEP = 0.405;
/** Middles of the doors along x. */
export const DOORS = [0.14, 0.38, 0.63, 0.87] as const;

/** Ground line of cars parked at the far kerb. */
export const PARKING = 0.513;
/** Middles of the places to park there along x: between the doors, so that who crosses the street can pass. */
export const PARKING_PLACES = [0.26, 0.505, 0.75] as const;

const METRE_AT_BOTTOM = 0.235;

/** Heights of the picture per metre for something that stands at `y`. */
export function metreAt(y: number): number {
  return (METRE_AT_BOTTOM * (y - HORIZON)) / (1 - HORIZON);
}
