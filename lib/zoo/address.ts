/** Decides which addresses may be fetched. @module */

/** Hosts of this machine, for development. */
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Networks that a remote server must not redirect to (RFC 1918, 3927, 4193, 4291, 6598), and names
 * that exist only in them. The URL parser has converted every spelling of an IPv4 address,
 * such as `0x7f.1`, to this form.
 */
const PRIVATE = [
  /^(?:0|10|127)\.\d+\.\d+\.\d+$/,
  /^172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+$/,
  /^192\.168\.\d+\.\d+$/,
  /^169\.254\.\d+\.\d+$/,
  /^100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+$/,
  /^\[(?:::|fc|fd|fe[89ab]|64:ff9b:|2002:)/,
  /(?:^|\.)(?:localhost|local|internal|home\.arpa)\.?$/,
];

/** Whether an address belongs to this machine or to a private network. */
export function isPrivate({ hostname }: URL): boolean {
  // A name without a dot is looked up in the local network.
  const isBare = !hostname.includes(".") && !hostname.startsWith("[");
  return isBare || PRIVATE.some((pattern) => pattern.test(hostname));
}

/**
 * Why an address must not be fetched, as the end of a sentence, or undefined if it may be.
 *
 * @param from The file that names it, or the address that redirects to it; absent if the user gave it.
 */
export function addressFault(url: URL, from?: URL): string | undefined {
  const { protocol, hostname, username, password } = url;
  if (username || password) return "it contains a user name or a password, which are never sent";
  const isLocal = LOCAL.test(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && isLocal)) {
    return `it starts with "${protocol}", but only https: is fetched (http: only from localhost)`;
  }
  const isForeign = from !== undefined && from.protocol !== "file:" && !isPrivate(from);
  if (isForeign && isPrivate(url)) {
    return `"${hostname}" is in a private network, and ${from.host} is not`;
  }
  return undefined;
}
