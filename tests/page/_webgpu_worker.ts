/** The library's worker for a page, which tells how many buffers of GPUs it has, for {@linkcode ./webgpu_test.ts}. @module */

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
const channel = new BroadcastChannel("buffers");
channel.onmessage = ({ data }) => data === "count" && channel.postMessage(alive.size);

await import("../../lib/web_worker.ts");
