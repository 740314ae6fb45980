import { FaultError } from "./fault";
import type { Calls, Kind, Message } from "./protocol";

interface Waiting {
  resolve(reply: unknown): void;
  reject(error: FaultError): void;
}

/** The page's side of the worker. */
export class Engine {
  /** Called with the bytes of a model that have arrived. */
  onProgress: (url: string, loaded: number) => void = () => {};
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor() {
    this.worker.addEventListener("message", (event: MessageEvent<Message>) => this.receive(event.data));
    this.worker.addEventListener("error", (event) => {
      event.preventDefault();
      for (const call of this.waiting.values()) call.reject(new FaultError("engine", event.message));
      this.waiting.clear();
    });
  }

  /** Sends a request; bitmaps in it move to the worker. */
  call<K extends Kind>(kind: K, request: Calls[K]["request"]): Promise<Calls[K]["reply"]> {
    const id = ++this.last;
    const moved = "bitmap" in request ? [request.bitmap] : [];
    return new Promise<Calls[K]["reply"]>((resolve, reject) => {
      this.waiting.set(id, { resolve: (reply) => resolve(reply as Calls[K]["reply"]), reject });
      this.worker.postMessage({ id, kind, ...request }, moved);
    });
  }

  private receive(message: Message): void {
    if ("progress" in message) return this.onProgress(message.progress.url, message.progress.loaded);
    const call = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("fault" in message) call?.reject(new FaultError(message.fault, message.detail));
    else call?.resolve(message.reply);
  }
}
