/** Counts GPU buffers, to find leaks. @module */

/** Counts the live GPU buffers of this thread, until it is disposed. */
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
