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
  /** Called when the worker is gone, and with it every open model; the next call starts another one. */
  onLost: () => void = () => {};
  private worker: Worker | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  /** Sends a request; bitmaps in it move to the worker. */
  call<K extends Kind>(kind: K, request: Calls[K]["request"]): Promise<Calls[K]["reply"]> {
    const id = ++this.last;
    const moved = "bitmap" in request ? [request.bitmap] : [];
    return new Promise<Calls[K]["reply"]>((resolve, reject) => {
      this.waiting.set(id, { resolve: (reply) => resolve(reply as Calls[K]["reply"]), reject });
      this.worker ??= this.start();
      this.worker.postMessage({ id, kind, ...request }, moved);
    });
  }

  /** Ends the worker; calls that wait are rejected. */
  close(): void {
    this.worker?.terminate();
    this.worker = null;
    this.rejectAll("the recognizer was closed");
  }

  private start(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<Message>) => this.receive(event.data));
    // It could not be loaded, or broke off: it will answer nothing more.
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      worker.terminate();
      this.worker = null;
      this.onLost();
      this.rejectAll(event.message);
    });
    return worker;
  }

  private rejectAll(reason: string): void {
    const calls = [...this.waiting.values()];
    this.waiting.clear();
    for (const call of calls) call.reject(new FaultError("engine", reason));
  }

  private receive(message: Message): void {
    if ("progress" in message) return this.onProgress(message.progress.url, message.progress.loaded);
    const call = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("fault" in message) call?.reject(new FaultError(message.fault, message.detail));
    else call?.resolve(message.reply);
  }
}
