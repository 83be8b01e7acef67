export async function openInBrowser(_url: string): Promise<void> {}
