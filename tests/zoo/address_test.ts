import { expect } from "expect";
import { addressFault, isPrivate } from "../../lib/zoo/address.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";

/** Spellings of addresses of this machine, of private networks, and of no machine. */
const inside = [
  ...["127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "0x7f000001", "127.0.0.1."],
  ...["\uff11\uff12\uff17.0.0.1", "1\u3002\uff10.0.1".replace("1", "127"), "0", "0.0.0.0", "0x0"],
  ...["10.0.0.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "3232235777"],
  ...["169.254.169.254", "0xa9fea9fe", "2852039166", "100.64.0.1", "100.127.0.1"],
  ...["192.0.0.8", "198.18.0.1", "198.19.255.255", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
  ...["[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[::10.0.0.1]"],
  ...[
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[fd00::1]",
    "[fc00::1]",
    "[fe80::1]",
    "[febf::1]",
    "[fec0::1]",
  ],
  ...["[FE80::1]", "[ff02::1]", "[64:ff9b::10.0.0.1]", "[64:ff9b:1::1]", "[2002:a00:1::]"],
  ...["[2001::a00:1]", "[2001:0:a00:1::]", "[100::1]"],
  ...["localhost", "LOCALHOST", "localhost.", "x.localhost", "router", "router.", "nas.local"],
  ...["metadata.google.internal", "metadata.google.internal.", "x.lan", "x.home.arpa", "x.corp"],
];

/** Public addresses that look like the ones above. */
const outside = [
  ...[
    "example.org",
    "example.org.",
    "1.1.1.1",
    "11.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.1.1",
  ],
  ...["100.63.0.1", "100.128.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "16843009"],
  ...[
    "[2606:4700::1]",
    "[2001:4860:4860::8888]",
    "[2a00::1]",
    "localhost.example.org",
    "10.example.org",
  ],
  ...["lan.example.org", "notlocal.org", "internal.example.com", "xlocal.net"],
];

const remote = new URL("https://example.org/zoo/");

Deno.test("isPrivate() recognises every spelling of a private address", () => {
  for (const host of inside) {
    expect([host, isPrivate(new URL(`https://${host}/`))]).toEqual([host, true]);
  }
  for (const host of outside) {
    expect([host, isPrivate(new URL(`https://${host}/`))]).toEqual([host, false]);
  }
});

Deno.test("addressFault() lets no remote card point into a private network, with any scheme", () => {
  for (const host of inside) {
    for (const scheme of ["http", "https"]) {
      const url = new URL(`${scheme}://${host}/`);
      expect([url.href, addressFault(url, remote)]).toEqual([url.href, expect.any(String)]);
    }
  }
  for (const host of outside) {
    expect([host, addressFault(new URL(`https://${host}/`), remote)]).toEqual([host, undefined]);
    // A name may resolve to a private address; without a certificate nothing would stop the request.
    expect(addressFault(new URL(`http://${host}/`), remote)).toMatch(/only https:/);
  }
});

Deno.test("fetchGraph() refuses a private address as the mirror of a remote card", async () => {
  const card = await readCard(new URL("../fixtures/zoo/tiny/", import.meta.url));
  for (const mirror of ["http://127.0.0.1:1/x", "http://localhost/x", "https://[::ffff:a00:1]/x"]) {
    const graphs = { encoder: { ...card.graphs.encoder, mirrors: [mirror] } };
    await expect(fetchGraph({ ...card, base: remote.href, graphs }, "encoder"))
      .rejects.toThrow(/is in a private network, and example\.org is not/);
  }
});
