/** A model's input or output as the graph declares it. `null`: a dynamic axis. */
export interface ModelTensor {
  readonly name: string;
  /** ONNX element type in lower case: `float32`, `float16`, `uint8`, `int64`, ... */
  readonly type: string;
  readonly dims: readonly (number | null)[];
}

/** A file beside the model that holds weights. */
export interface ExternalDataFile {
  /** As the model names it, relative to the model's folder. */
  readonly location: string;
  readonly path: string;
  /** Bytes that the model needs of it, as far as the model says. */
  readonly neededBytes: number;
  /** Bytes that are there; null when the file is absent. */
  readonly presentBytes: number | null;
}

/** What an ONNX file says about itself, without its weights. */
export interface ModelSummary {
  readonly file: string;
  readonly bytes: number;
  readonly irVersion: number;
  readonly producer: string;
  /** Version per operator set; the default one has the name ''. */
  readonly opsets: Readonly<Record<string, number>>;
  /** `metadata_props`: whatever the exporter left there. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
  /** How often each operator occurs, subgraphs included. */
  readonly operators: Readonly<Record<string, number>>;
  readonly externalData: readonly ExternalDataFile[];
}
