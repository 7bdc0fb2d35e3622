/**
 * Numbers of the pcapng format that we write or read. Source: draft-ietf-opsawg-pcapng; link types:
 * draft-ietf-opsawg-pcaplinktype.
 */
export const blockType = {
  section: 0x0a0d0d0a,
  interface: 1,
  /** Obsolete. */
  packet: 2,
  simplePacket: 3,
  interfaceStatistics: 5,
  enhancedPacket: 6,
} as const;

export const byteOrderMagic = 0x1a2b3c4d;

/** Option codes; those from 2 on have their meaning in one type of block only. */
export const option = {
  end: 0,
  comment: 1,
  sectionApplication: 4,
  interfaceName: 2,
  interfaceDescription: 3,
  interfaceResolution: 9,
  interfaceTimeOffset: 14,
  packetFlags: 2,
  statisticsStart: 2,
  statisticsEnd: 3,
  statisticsReceived: 4,
} as const;

/** Bits 1..0 of the packet flags. */
export const packetDirection = { inbound: 1, outbound: 2 } as const;

export const linkType = {
  loopback: 0,
  ethernet: 1,
  rawIp: 101,
  openBsdLoopback: 108,
  linuxCooked: 113,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

/** Type and both lengths. */
export const blockFrameBytes = 12;
/** Longest block that is read; ours have at most some 1600 bytes. Our choice: bounds the memory that a file can ask for. */
export const maxBlockBytes = 16 * 1024 * 1024;
/** Magic numbers of the older format, which has no interfaces, directions or comments, as read little-endian. */
export const classicMagics: readonly number[] = [0xa1b2c3d4, 0xd4c3b2a1, 0xa1b23c4d, 0x4d3cb2a1];

/** Blocks and options are padded to whole 32-bit words. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}
