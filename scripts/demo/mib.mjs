/** A number of bytes as text: "94.3 MiB". */
export const mib = (bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`;
