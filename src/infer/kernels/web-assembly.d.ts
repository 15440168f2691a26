/** The part of the WebAssembly API that Ocellus uses: TypeScript declares it only together with a browser's DOM. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }

  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }

  interface Memory {
    /** Replaced, and the old one detached, whenever the memory grows. */
    readonly buffer: ArrayBuffer;
    /** Adds pages of 64 KiB. */
    grow(pages: number): number;
  }

  /** Whether this engine can run the module: false when it lacks an instruction set that the module uses. */
  function validate(bytes: Uint8Array): boolean;
}
