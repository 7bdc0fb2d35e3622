/** Bare datagrams as the link has them: the same for both ends of the bench. */
export const rawWindow = 128;
export const rawDatagramBytes = 1452;
/** Long datagrams that one acknowledgement stands for, a quarter of the window, as on the link. */
export const rawAckEvery = 32;
