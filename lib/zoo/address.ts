/** Decides which addresses may be fetched. @module */

/** Hosts of this machine, for development. */
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Networks that a remote server must not redirect to: addresses that are not globally reachable (RFC 6890, RFC 4291),
 * multicast, IPv6 forms that contain an IPv4 address, and names that exist only in private networks. The URL parser
 * has converted every spelling of an address to this form: `0x7f.1`, `2130706433` and `127.0.0.1.` are all
 * 127.0.0.1, and IPv6 is compressed and in lower case.
 *
 * A public name may resolve to a private address. The owner of the name has no certificate on that host, so https:
 * fails before a request is sent; this is why only https: is fetched from remote servers.
 */
const PRIVATE = [
  /^(?:0|10|127)\.\d+\.\d+\.\d+$/,
  /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+$/,
  /^192\.(?:168|0\.[02])\.[\d.]+$/,
  /^198\.(?:1[89]|51\.100)\.[\d.]+$/,
  /^203\.0\.113\.\d+$/,
  /^169\.254\.\d+\.\d+$/,
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/,
  /^(?:22[4-9]|2[34]\d|25[0-5])\.\d+\.\d+\.\d+$/,
  // Loopback, IPv4 in IPv6, unique local, link and site local, multicast, NAT64, discard, 6to4, Teredo, documentation.
  /^\[(?:::|fc|fd|fe[89a-f]|ff|64:ff9b:|100::|2002:|2001:(?:0:|:|db8:))/,
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa)$/,
];

/** Whether an address belongs to this machine or to a private network. */
export function isPrivate({ hostname }: URL): boolean {
  const name = hostname.replace(/\.$/, "");
  // A name without a dot is looked up in the local network.
  const isBare = !name.includes(".") && !name.startsWith("[");
  return isBare || PRIVATE.some((pattern) => pattern.test(name));
}

/**
 * Why an address must not be fetched, as the end of a sentence, or undefined if it may be.
 *
 * @param from The file that names it, or the address that redirects to it; absent if the user gave it.
 */
export function addressFault(url: URL, from?: URL): string | undefined {
  const { protocol, hostname, username, password } = url;
  if (username || password) return "it contains a user name or a password, which are never sent";
  // Whoever can change what comes from a page's own server can change the page, too.
  const mayBePlain = LOCAL.test(hostname) || url.origin === globalThis.location?.origin;
  if (protocol !== "https:" && !(protocol === "http:" && mayBePlain)) {
    return `it starts with "${protocol}", but only https: is fetched (http: only from localhost, and from a page's own server)`;
  }
  const isForeign = from !== undefined && from.protocol !== "file:" && !isPrivate(from);
  if (isForeign && isPrivate(url)) {
    return `"${hostname}" is in a private network, and ${from.host} is not`;
  }
  return undefined;
}
