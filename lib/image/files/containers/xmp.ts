/** Keys and values as an XMP packet, for formats that have no text chunks. @module */

const NAMESPACE = "https://srzoo.dev/ns/1.0/";

/** Writes each pair as a property of the image; characters that are invalid in XML names become `_`. */
export function xmpPacket(text: Readonly<Record<string, string>>): string {
  const properties = Object.entries(text)
    .map(([key, value]) => ` srzoo:${key.replace(/[^\w.-]/g, "_")}="${escaped(value)}"`).join("");
  return `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
    `<x:xmpmeta xmlns:x="adobe:ns:meta/">` +
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
    `<rdf:Description rdf:about="" xmlns:srzoo="${NAMESPACE}"${properties}/>` +
    `</rdf:RDF></x:xmpmeta><?xpacket end="r"?>`;
}

function escaped(value: string): string {
  return value.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
