/** The camera as a set of clear states; there is never a frozen picture without a word on why. */
import { onFrames } from "../frames";
import { Signal } from "../signal";

export type CameraFault = "refused" | "missing" | "busy" | "ended" | "stalled" | "insecure" | "unknown";

/** How far a camera can be zoomed, and how far it is. */
export interface Zoom {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
}

export type CameraState =
  | { readonly kind: "off" }
  | { readonly kind: "asking" }
  /** The page is hidden: the camera is let go, and opened again when the page is back. */
  | { readonly kind: "paused" }
  /** torch: whether the light is on, null where there is none; several: whether there is another camera. */
  | {
      readonly kind: "on";
      readonly mirrored: boolean;
      readonly torch: boolean | null;
      readonly several: boolean;
      readonly zoom: Zoom | null;
    }
  | { readonly kind: "fault"; readonly fault: CameraFault };

/** The camera is looked after so often, in milliseconds; after so many looks without a new picture it counts as stalled. */
const LOOK = 1000;
const STALL = 5;

const FAULTS: Readonly<Record<string, CameraFault>> = {
  NotAllowedError: "refused",
  SecurityError: "refused",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

export class Camera {
  readonly state = new Signal<CameraState>({ kind: "off" });
  /** Called with every new frame of the video. */
  onFrame: () => void = () => {};
  private readonly video: HTMLVideoElement;
  private stream: MediaStream | null = null;
  private facing: "user" | "environment" = "user";
  private device: string | null = null;
  /** Looks since the last picture. Looks, and not time: a page that stood still itself has seen nothing of the camera. */
  private silent = 0;
  /** Rises with every opening and closing, so that an answer that comes late is known to be late. */
  private attempt = 0;

  constructor(video: HTMLVideoElement) {
    this.video = video;
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    // A camera plugged in again is taken up without a tap.
    navigator.mediaDevices?.addEventListener("devicechange", () => {
      const { value } = this.state;
      if (value.kind === "fault" && (value.fault === "ended" || value.fault === "missing")) void this.open();
    });
    setInterval(() => this.watch(), LOOK);
    onFrames(video, () => {
      this.silent = 0;
      if (this.state.value.kind === "on") this.onFrame();
    });
  }

  async open(): Promise<void> {
    this.release();
    const attempt = ++this.attempt;
    if (!navigator.mediaDevices) return this.fail("insecure");
    this.state.set({ kind: "asking" });
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          width: { ideal: 1280 },
          height: { ideal: 720 },
          frameRate: { ideal: 30 },
          ...(this.device ? { deviceId: { exact: this.device } } : { facingMode: this.facing }),
        },
      });
    } catch (error) {
      this.device = null;
      if (attempt === this.attempt) this.fail(FAULTS[(error as DOMException).name] ?? "unknown");
      return;
    }
    if (attempt !== this.attempt) return stop(stream);
    this.stream = stream;
    const [track] = stream.getVideoTracks() as [MediaStreamTrack];
    track.addEventListener("ended", () => {
      if (this.stream === stream) this.fail("ended");
    });
    this.video.removeAttribute("src");
    this.video.srcObject = stream;
    await this.video.play().catch(() => undefined);
    const several = (await cameras()).length > 1;
    if (attempt !== this.attempt) return;
    this.silent = 0;
    this.state.set({
      kind: "on",
      // Only a camera known to look away from the user shows the world unmirrored.
      mirrored: track.getSettings().facingMode !== "environment",
      torch: "torch" in (track.getCapabilities?.() ?? {}) ? false : null,
      several,
      zoom: zoomOf(track),
    });
  }

  close(): void {
    this.attempt += 1;
    this.release();
    this.state.set({ kind: "off" });
  }

  /** The camera on the other side; where sides are unknown, the next one of the list. */
  async flip(): Promise<void> {
    const settings = this.stream?.getVideoTracks()[0]?.getSettings();
    if (settings?.facingMode) {
      this.facing = settings.facingMode === "environment" ? "user" : "environment";
      this.device = null;
    } else {
      const all = await cameras();
      const place = all.findIndex((camera) => camera.deviceId === settings?.deviceId);
      this.device = all[(place + 1) % all.length]?.deviceId ?? null;
    }
    await this.open();
  }

  async setTorch(on: boolean): Promise<void> {
    const { value } = this.state;
    const constraints = { advanced: [{ torch: on }] } as unknown as MediaTrackConstraints;
    await this.stream?.getVideoTracks()[0]?.applyConstraints(constraints);
    if (value.kind === "on") this.state.set({ ...value, torch: on });
  }

  async setZoom(value: number): Promise<void> {
    const constraints = { advanced: [{ zoom: value }] } as unknown as MediaTrackConstraints;
    await this.stream?.getVideoTracks()[0]?.applyConstraints(constraints).catch(() => undefined);
  }

  private fail(fault: CameraFault): void {
    this.release();
    this.state.set({ kind: "fault", fault });
  }

  private release(): void {
    if (this.stream) stop(this.stream);
    this.stream = null;
    this.video.srcObject = null;
  }

  private visibilityChanged(): void {
    const { kind } = this.state.value;
    if (document.hidden && (kind === "on" || kind === "asking")) {
      // The browser's own question hides some pages; only an open camera is let go.
      if (kind === "asking") return;
      this.attempt += 1;
      this.release();
      this.state.set({ kind: "paused" });
    } else if (!document.hidden && kind === "paused") void this.open();
  }

  private watch(): void {
    if (this.state.value.kind !== "on" || document.hidden) return;
    this.silent += 1;
    if (this.silent > STALL) this.fail("stalled");
  }
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Null where the camera has no zoom. */
function zoomOf(track: MediaStreamTrack): Zoom | null {
  const able = (track.getCapabilities?.() ?? {}) as { zoom?: { min: number; max: number; step: number } };
  const now = track.getSettings() as { zoom?: number };
  if (!able.zoom || able.zoom.max <= able.zoom.min) return null;
  return { min: able.zoom.min, max: able.zoom.max, step: able.zoom.step || 0.1, value: now.zoom ?? able.zoom.min };
}

async function cameras(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices.enumerateDevices()).filter((device) => device.kind === "videoinput");
}
