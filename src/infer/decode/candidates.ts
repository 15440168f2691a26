/** Boxes above the score threshold, in pixels of the model's input, before NMS. Its arrays are reused by every frame. */
export class Candidates {
  /** x1, y1, x2, y2 per candidate. */
  boxes: Float32Array;
  scores: Float32Array;
  classIds: Int32Array;
  count = 0;

  constructor(capacity: number) {
    this.boxes = new Float32Array(4 * capacity);
    this.scores = new Float32Array(capacity);
    this.classIds = new Int32Array(capacity);
  }

  /** Forgets what is in it and makes room for `capacity` candidates. */
  reset(capacity: number): void {
    this.count = 0;
    if (this.scores.length >= capacity) return;
    this.boxes = new Float32Array(4 * capacity);
    this.scores = new Float32Array(capacity);
    this.classIds = new Int32Array(capacity);
  }

  /** Adds one. There must be room for it. */
  add(x1: number, y1: number, x2: number, y2: number, score: number, classId: number): void {
    const at = this.count;
    this.boxes[4 * at] = x1;
    this.boxes[4 * at + 1] = y1;
    this.boxes[4 * at + 2] = x2;
    this.boxes[4 * at + 3] = y2;
    this.scores[at] = score;
    this.classIds[at] = classId;
    this.count = at + 1;
  }
}
