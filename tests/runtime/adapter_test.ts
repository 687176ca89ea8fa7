import { expect } from "expect";
import { whyNoGpu } from "../../lib/runtime/adapter.ts";
import { hasGpu } from "../../lib/runtime/linux_gpu.ts";

Deno.test("hasGpu() tells GPU devices from others", () => {
  for (
    const gpu of ["renderD128", "nvidia0", "nvidiactl", "nvhost-gpu", "dxg", "mali0", "kgsl-3d0"]
  ) {
    expect(hasGpu(["null", gpu])).toBe(true);
  }
  expect(hasGpu([])).toBe(false);
  // A screen without a GPU has a card and a frame buffer, and no render node.
  expect(hasGpu(["null", "random", "card0", "by-path", "fb0", "vda", "dxgkrnl0"])).toBe(false);
});

/** File names in a folder; none if it does not exist. */
function namesIn(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

const isLinux = Deno.build.os === "linux";
const isBare = isLinux && !hasGpu([...namesIn("/dev"), ...namesIn("/dev/dri")]);

Deno.test({
  name: "whyNoGpu() loads no GPU driver without a GPU, unless asked to (needs Linux without a GPU)",
  ignore: !isBare,
  async fn() {
    const code = `
      import { whyNoGpu } from ${
      JSON.stringify(import.meta.resolve("../../lib/runtime/adapter.ts"))
    };
      const drivers = () => /lib(vulkan|LLVM|EGL|GL)\\b/.test(Deno.readTextFileSync("/proc/self/maps"));
      const [reason, before] = [await whyNoGpu(false), drivers()];
      const found = await whyNoGpu(true);
      console.log(JSON.stringify({ reason, before, found, after: drivers() }));
    `;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "-q", `data:text/javascript,${encodeURIComponent(code)}`],
    }).output();
    const { reason, before, found, after } = JSON.parse(new TextDecoder().decode(stdout));
    expect(reason).toMatch(/no GPU adapter but one of software.*name webgpu as the provider/);
    expect(before).toBe(false);
    // If it is forced, it takes what the system has, even a software adapter.
    expect(after || /no GPU adapter was found/.test(found)).toBe(true);
  },
});

Deno.test({
  name: "whyNoGpu() asks for an adapter if it may not read the devices (needs Linux)",
  ignore: !isLinux,
  permissions: { read: false, env: true },
  async fn() {
    let asked = 0;
    Object.defineProperty(navigator.gpu, "requestAdapter", {
      configurable: true,
      value: () => Promise.resolve((asked++, null)),
    });
    try {
      expect(await whyNoGpu(false)).toBe("no GPU adapter was found");
      expect(asked).toBe(1);
    } finally {
      Reflect.deleteProperty(navigator.gpu, "requestAdapter");
    }
  },
});
