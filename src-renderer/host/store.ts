/** A small key-value store in the browser's IndexedDB. */
const DATABASE = 'klab'
const TABLE = 'values'

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE)
    request.onsuccess = () => done(request.result)
    request.onerror = () => failed(request.error)
  })
}

async function act<T>(mode: IDBTransactionMode, use: (table: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open()
  try {
    return await new Promise<T>((done, failed) => {
      const request = use(database.transaction(TABLE, mode).objectStore(TABLE))
      request.onsuccess = () => done(request.result)
      request.onerror = () => failed(request.error)
    })
  } finally {
    database.close()
  }
}

export const store = {
  get: (key: string): Promise<unknown> => act('readonly', (t) => t.get(key) as IDBRequest<unknown>),
  set: (key: string, value: unknown): Promise<unknown> => act('readwrite', (t) => t.put(value, key)),
}
