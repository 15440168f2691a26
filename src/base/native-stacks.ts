import type koffi from 'koffi';

/**
 * koffi runs a call on a stack of its own: 1 MiB, and 128 KiB for an asynchronous one. ONNX Runtime expects a thread's usual
 * 8 MiB; it recurses over every character of the process's command line when its environment is made.
 */
const STACKS = { async_stack_size: 8 * 1024 * 1024, sync_stack_size: 16 * 1024 * 1024 };

/** To be called before every loading of a library: once the first is loaded, koffi takes no other sizes. */
export function setNativeStacks({ config }: Pick<typeof koffi, 'config'>): void {
  const { async_stack_size, sync_stack_size } = config();
  if (async_stack_size === STACKS.async_stack_size && sync_stack_size === STACKS.sync_stack_size) return;
  config(STACKS);
}
