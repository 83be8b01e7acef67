export async function startServer(_o: { port: number; open?: string | null }): Promise<{ url: string; close(): Promise<void> }> { throw new Error('x') }
