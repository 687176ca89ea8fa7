/** Counts buffers of GPUs, to find those that nobody frees. @module */

/** Counts the buffers of GPUs that this thread has. */
export function countBuffers(): { alive: () => number } & Disposable {
  const alive = new Set<GPUBuffer>();
  const { createBuffer } = GPUDevice.prototype;
  const { destroy } = GPUBuffer.prototype;
  GPUDevice.prototype.createBuffer = function (how) {
    const buffer = createBuffer.call(this, how);
    alive.add(buffer);
    return buffer;
  };
  GPUBuffer.prototype.destroy = function () {
    alive.delete(this);
    return destroy.call(this);
  };
  return {
    alive: () => alive.size,
    [Symbol.dispose]() {
      GPUDevice.prototype.createBuffer = createBuffer;
      GPUBuffer.prototype.destroy = destroy;
    },
  };
}
