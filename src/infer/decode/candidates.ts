/** Boxes above the score threshold, in pixels of the model's input, before NMS. Its arrays are reused by every frame. */
export class Candidates {
  /** x1, y1, x2, y2 per candidate. */
  boxes = new Float32Array(0);
  scores = new Float32Array(0);
  classIds = new Int32Array(0);
  count = 0;

  /** Forgets what is in it. */
  reset(): void {
    this.count = 0;
  }

  /** Adds a box given by its corners. */
  add(x1: number, y1: number, x2: number, y2: number, score: number, classId: number): void {
    const at = this.count;
    if (at === this.scores.length) this.#grow();
    this.boxes[4 * at] = x1;
    this.boxes[4 * at + 1] = y1;
    this.boxes[4 * at + 2] = x2;
    this.boxes[4 * at + 3] = y2;
    this.scores[at] = score;
    this.classIds[at] = classId;
    this.count = at + 1;
  }

  /** Adds a box given by its centre and size. */
  addCentred(cx: number, cy: number, width: number, height: number, score: number, classId: number): void {
    this.add(cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2, score, classId);
  }

  #grow(): void {
    const capacity = Math.max(256, 2 * this.scores.length);
    const { boxes, scores, classIds } = this;
    this.boxes = new Float32Array(4 * capacity);
    this.scores = new Float32Array(capacity);
    this.classIds = new Int32Array(capacity);
    this.boxes.set(boxes);
    this.scores.set(scores);
    this.classIds.set(classIds);
  }
}
