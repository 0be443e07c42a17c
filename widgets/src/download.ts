/** Hands content to the browser as a file. */

export function download(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A file name of any text: letters, digits, and hyphens between them. */
export function fileName(...parts: string[]): string {
  const name = parts
    .join(" ")
    .replace(/[^\p{L}\p{N}_.]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 120);
  return name || "plot";
}
