/** Texts as files: out of the page, and into it. */

export function saveAsFile(name: string, text: string, type = "application/json"): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the text by the next turn.
  setTimeout(() => URL.revokeObjectURL(url));
}

/** What a person picks, as text; undefined when they change their mind. */
export function pickFile(accept: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = accept;
    input.oncancel = () => resolve(undefined);
    input.onchange = () => void input.files?.[0]?.text().then(resolve, () => resolve(undefined));
    input.click();
  });
}
