/** Pictures that were read, kept on the device where the user wants it. */

export interface Entry {
  readonly id?: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The annotated picture. */
  readonly picture: Blob;
  /** The main face's class and its share; null where nothing was read. */
  readonly expression: string | null;
  readonly share: number;
  /** Whether the check refused the picture, and it was read all the same. */
  readonly refused: boolean;
}

const STORE = "entries";
/** Entries that are kept, at most: the newest. */
const MOST = 500;

export async function addEntry(entry: Entry, most = MOST): Promise<void> {
  await inStore("readwrite", (store) => store.add(entry));
  const count = await inStore<number>("readonly", (store) => store.count());
  for (let i = most; i < count; i++) {
    const oldest = await inStore<number[]>("readonly", (store) => store.getAllKeys(null, 1));
    await inStore("readwrite", (store) => store.delete(oldest[0]!));
  }
}

/** Some entries, newest first: those older than `before` (an entry's id), or the newest. */
export async function someEntries(count: number, before: number | null): Promise<Entry[]> {
  const range = before === null ? null : IDBKeyRange.upperBound(before, true);
  const keys = await inStore<number[]>("readonly", (store) => store.getAllKeys(range));
  if (!keys.length) return [];
  const from = keys[Math.max(0, keys.length - count)]!;
  return (await inStore<Entry[]>("readonly", (store) => store.getAll(IDBKeyRange.bound(from, keys.at(-1)!)))).reverse();
}

export async function deleteEntry({ id }: Entry): Promise<void> {
  await inStore("readwrite", (store) => store.delete(id!));
}

export async function deleteEntries(): Promise<void> {
  await inStore("readwrite", (store) => store.clear());
}

async function inStore<T = unknown>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest): Promise<T> {
  const opening = indexedDB.open("mien", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
  const database = (await done(opening)) as IDBDatabase;
  try {
    return (await done(act(database.transaction(STORE, mode).objectStore(STORE)))) as T;
  } finally {
    database.close();
  }
}

function done(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("the history cannot be read"));
  });
}
