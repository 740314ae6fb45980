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

export async function addEntry(entry: Entry): Promise<void> {
  await inStore("readwrite", (store) => store.add(entry));
}

/** Newest first. */
export async function allEntries(): Promise<Entry[]> {
  return (await inStore<Entry[]>("readonly", (store) => store.getAll())).reverse();
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
